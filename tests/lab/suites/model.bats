#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Several contexts, devices and users at once: after each random step the model of tests/model, what the holders
# list and the kernel's own tables agree. Longer runs: make soak.

load lib

SOAK=tests/model/soak

@test "the model, the holders and the IOMMU agree after each step, also where the kernel fails" {
	status 0 "$SOAK" "$PLAIN_IOASIDCTL" --seed 1 --seed 2 --seed 3 --steps 250
	[[ $output == '750 steps'*'no disagreement' ]]
}

@test "the same, with sanitizers" {
	status 0 "$SOAK" "$IOASIDCTL" --no-faults --seed 4 --steps 250
	[[ $output == '250 steps'*'no disagreement' ]]
}

@test "a list without the PASIDs of the second device is found, and shortened to what makes it so" {
	status 1 "$SOAK" "$PLAIN_IOASIDCTL" --no-faults --seed 1 --steps 300 --forget
	[[ $output == *' steps are enough:'$'\n'*'ListBindings: found '* ]]
	# A context, two devices, an IOAS, a bind.
	[[ $(grep -c 'ioasidctl ' <<<"$output") == 5 ]]
}
