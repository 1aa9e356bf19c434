#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Several contexts, devices and users at once: after each random step, the model of tests/model, the
# holders' lists and the kernel's own tables agree. Longer runs: make soak.

load machine

SOAK=tests/model/soak

@test "model, holders and IOMMU agree after each step, also if the kernel fails" {
	status 0 "$SOAK" "$PLAIN_IOASIDCTL" --seed 1 --seed 2 --seed 3 --steps 250
	[[ $output == '750 steps'*'no disagreement' ]]
}

@test "the same, with sanitizers" {
	status 0 "$SOAK" "$IOASIDCTL" --no-faults --seed 4 --steps 250
	[[ $output == '250 steps'*'no disagreement' ]]
}

@test "a list that lacks the second device's PASIDs is detected, and reduced to a minimal sequence" {
	status 1 "$SOAK" "$PLAIN_IOASIDCTL" --no-faults --seed 1 --steps 300 --forget
	[[ $output == *' steps are enough:'$'\n'*'ListBindings: found '* ]]
	# A context, two devices, an IOAS, a bind.
	[[ $(grep -c 'ioasidctl ' <<<"$output") == 5 ]]
}

@test "holders and clients of other versions: what is missing and what is new, by the interface's description" {
	status 0 tests/model/versions "$IOASIDCTL" 0000:00:10.0
	[[ $output == *' members were missing: '* ]]
}
