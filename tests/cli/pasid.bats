#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# pasid list

setup_file()
{
	load ../lib.bash
	unpack intel-pasid intel-legacy amd none
}

setup()
{
	load ../lib.bash
}

@test "PASIDs of the IOMMU's table are joined with the drivers' and with processes" {
	on intel-pasid pasid list
	succeeds
	equal "$output" "$(cat <<-'END'
		DEVICE       PASID KIND    CONTEXT IOAS PID COMMAND   STATE
		0000:00:10.0    42 unknown -       -     98 ioasid:vm not-recorded
		0000:00:10.0   100 unknown -       -     98 ioasid:vm not-recorded
		0000:00:10.0   101 unknown -       -     98 ioasid:vm not-recorded
		0000:00:10.0   102 unknown -       -     98 ioasid:vm not-recorded
		0000:00:10.0   103 unknown -       -     98 ioasid:vm not-recorded
		0000:00:11.0     1 sva     -       -    107 bash      ok
	END
	)"
}

@test "all that is known of a PASID" {
	on intel-pasid pasid list -r -o all pasid=1,42
	succeeds
	equal "$output" "$(cat <<-'END'
		DEVICE GROUP PASID KIND CONTEXT IOAS IOAS-NAME HWPT PID COMMAND UID UNIT STATE HARDWARE RECORD DOMAIN TYPE
		0000:00:10.0 6 42 unknown     98 ioasid:vm 0 vm.service not-recorded 1 0 8 first-stage
		0000:00:11.0 7 1 sva     107 bash 0 accelerator.service ok 1 1 1 first-stage
	END
	)"
	on intel-pasid pasid list -j kind=sva
	succeeds
	json '. == [{ device: "0000:00:11.0", pasid: 1, kind: "sva", context: null, ioas: null, pid: 107,
		command: "bash", state: "ok" }]'
}

@test "filters" {
	on intel-pasid pasid list -rn -o pasid 0000:00:10.0 'pasid=1*'
	equal "$(xargs <<<"$output")" "100 101 102 103"
	on intel-pasid pasid list -rn -o pasid unit=accelerator.service
	equal "$output" 1
	on intel-pasid pasid list -j pid=1
	succeeds
	equal "$output" '[]'
}

@test "without PASIDs the list is empty, and says so where no table can be seen" {
	on intel-legacy pasid list -j
	succeeds
	equal "$output" '[]'
	for machine in amd none; do
		on $machine pasid list -j
		[[ $status == 0 ]]
		equal "$output" '[]'
		says 'note: this kernel shows no IOMMU table of PASIDs'
	done
}

@test "no PASID can be bound in a captured machine" {
	local verb

	for verb in 'bind 00:10.0 7 1' 'unbind 00:10.0 42'; do
		# shellcheck disable=SC2086	# words
		on intel-pasid pasid $verb
		fails 2 "$BATS_FILE_TMPDIR/intel-pasid: a captured machine has no contexts"
	done
}
