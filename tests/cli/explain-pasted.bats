#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# system explain of what people have posted: the form is theirs, values are changed. The texts are seeds of the
# fuzzer, too.

setup_file()
{
	load ../lib.bash
	unpack none
}

setup()
{
	load ../lib.bash
	POSTED=$BATS_TEST_DIRNAME/../fuzz/corpus/log
}

# posted NAME [OPTION...]: what is made of that text, a row a line.
posted()
{
	local name=$1

	shift
	on none system explain --file "$POSTED/posted-$name" --foreign -rn \
		-o count,source,kind,device,pasid,command,iova,stream,access "$@"
}

# makes NAME ROWS [OPTION...]: those, and nothing on stderr.
makes()
{
	posted "$1" "${@:3}"
	succeeds
	equal "$output" "$2"
}

@test "as it is: CI, firmware, a VM that restarts, syslog of Linux 4, phones, a serial console, a padded terminal" {
	# bug reports: CI of a sound firmware (Linux 5.14), firmware of a laptop, a VM with the host's GPU
	makes ci-log '1 dmar dma 0000:00:02.0   0x70ad5000  read'
	makes firmware-report "1 dmar dma 0000:00:02.0   0x7cd80000  read
1 dmar lost      
1 dmar dma 0000:00:02.0   0x7cd87000  read"
	makes guest-reboot "1 dmar lost      
2 dmar lost      
1 dmar dma 0000:00:02.0   0x9c000000  read"
	# bug reports: two lines each event (Linux 4.9, without a time of syslog), the rate limit, long addresses
	makes amd-linux4-syslog "1 amd-vi dma 0000:00:00.1   0xfdf8000020  read
1 amd-vi dma 0000:05:00.0   0xff6101b0  write
1 amd-vi dma 0000:05:00.0   0xff6101c0  write"
	posted amd-suppressed -o device,iova
	succeeds
	equal "$output" " 
0000:01:00.0 0xfc189000
0000:01:00.0 0xfbeaf000"
	posted amd-long-address -o device,iova
	equal "$output" "0000:20:00.0 0xf4001eef80
0000:20:00.0 0xf4001c6e80"
	# a pull request with a vendor's kernel; a bug report from a serial console; a phone with a mainline kernel
	posted android -o source,iova,access
	succeeds
	equal "$output" 'arm-smmu 0xa09d70c8 read'
	makes serial-no-time "1 arm-smmu lost      
1 arm-smmu dma    0xff3cf000 0x409 read"
	makes phone-mainline "1 arm-smmu dma    0x9c4b9000 0x800 read
1 arm-smmu dma    0x9c4b9d00 0xc40 read"
	# GPUs: a terminal's text with its blanks to the edge, a kernel log, a journal in French
	posted terminal-padded -o device,pasid,command,iova
	equal "$output" "   
0000:c3:00.0 32773 bandwidth-test 0x7f0000002000"
	makes gpu-no-retry '1 amdgpu dma 0000:c6:00.0 32769 pt_main_thread 0xae8570611000  read'
	posted gpu-french-journal -o time,device,pasid,command,iova
	equal "$output" 'nov\x2004\x2013:30:18 0000:0d:00.0 32770 composer 0x8001089f0000'
	# a web page without host names; an accelerator's log; one line out of an article
	makes chinese-page '2 amd-vi invalidation      '
	makes rockchip '1 rk_iommu dma    0x4382010  write'
	makes dsa "1 idxd hardware 0000:6a:01.0     
1 dmar lost      
1 dmar dma 0000:6a:01.0 2  0x7fe0c9943000  read"
	posted rmrr -o kind,device
	equal "$output" 'refused 0000:04:00.0'
}

@test "with --pasted; without it, they are counted and no all-clear" {
	local name

	for name in commit-message vendor-console gpu-clock-only backticks-each-line; do
		posted "$name"
		[[ $status == 7 && ! $output ]]
		says "not believed to be the kernel's: --pasted reads"
	done
	# a commit message, indented
	makes commit-message "2 dmar dma 0000:00:12.0   0x0  write
1 dmar lost      " --pasted
	# a vendor's console, with two times of its own in front
	makes vendor-console '1 arm-smmu dma    0xfd7ff000 0x19c3 read' --pasted
	# a bug report, with nothing but the clock in front
	posted gpu-clock-only --pasted -o time,device,pasid,command,iova
	succeeds
	equal "$output" '12:09:20 0000:c3:00.0 48 composer 0x800112c14000'
	# a bug report, with marks of code around each line
	makes backticks-each-line "1 dmar invalidation      
1 dmar invalidation      " --pasted
}
