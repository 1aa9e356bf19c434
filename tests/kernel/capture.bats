#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A captured machine is shown as the machine itself: tests/capture misses nothing that is read.

load lib

setup()
{
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
}

# same COMMAND...: the captured machine gives the same answer.
same()
{
	local live captured

	live=$(ctl "$@" 2>&1; echo "status $?")
	captured=$(ctl --sysroot "$BATS_TEST_TMPDIR/tree" "$@" 2>&1; echo "status $?")
	[[ $live == "$captured" ]] && return 0
	echo "$*"
	diff <(echo "$live") <(echo "$captured")
}

@test "a captured machine is shown as the machine itself" {
	local command

	"$ROOT/tests/capture" >"$BATS_TEST_TMPDIR/machine.tree"
	"$ROOT/tests/unpack" "$BATS_TEST_TMPDIR/machine.tree" "$BATS_TEST_TMPDIR/tree"
	for command in 'group list -o all' 'device list -o all' 'iommu list -o all' 'pasid list -o all' \
		'driver list' 'group show 3' 'device show nvme0' 'device show eth0' 'device show virtio1' 'device show ng0n1' \
		'device show nothing' 'iommu show dmar0' 'iommu show ivhd0' 'system check passthrough pasid sva -o all'; do
		# shellcheck disable=SC2086	# words
		same $command -j
	done
	for command in 'driver set --dry-run 00:05.0 vfio-pci' 'driver set --dry-run nvme0 vfio-pci' 'driver reset --dry-run eth0'; do
		# shellcheck disable=SC2086	# words
		same $command
	done
}
