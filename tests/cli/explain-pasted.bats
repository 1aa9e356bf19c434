#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# system explain of logs that people have posted: the format is theirs, the values are changed. The
# texts are also seeds of the fuzzer.

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

# posted NAME [OPTION...]: explains that text, one row per line.
posted()
{
	local name=$1

	shift
	on none system explain --file "$POSTED/posted-$name" --foreign -rn \
		-o count,source,kind,device,pasid,command,iova,stream,access "$@"
}

# makes NAME ROWS [OPTION...]: the output is ROWS, with nothing on stderr.
makes()
{
	posted "$1" "${@:3}"
	succeeds
	equal "$output" "$2"
}

@test "unmodified: CI, firmware, a VM that restarts, syslog of Linux 4, phones, a serial console, a padded terminal" {
	# bug reports: CI of a sound firmware (Linux 5.14), firmware of a laptop, a VM with the
	# host's GPU
	makes ci-log '1 dmar dma 0000:00:02.0   0x70ad5000  read'
	makes firmware-report "1 dmar dma 0000:00:02.0   0x7cd80000  read
1 dmar lost      
1 dmar dma 0000:00:02.0   0x7cd87000  read"
	makes guest-reboot "1 dmar lost      
2 dmar lost      
1 dmar dma 0000:00:02.0   0x9c000000  read"
	# bug reports: two lines per event (Linux 4.9, without syslog's time), rate limit, long
	# addresses
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
	# a pull request with a vendor kernel; a bug report from a serial console; a phone with a
	# mainline kernel
	posted android -o source,iova,access
	succeeds
	equal "$output" 'arm-smmu 0xa09d70c8 read'
	makes serial-no-time "1 arm-smmu lost      
1 arm-smmu dma    0xff3cf000 0x409 read"
	makes phone-mainline "1 arm-smmu dma    0x9c4b9000 0x800 read
1 arm-smmu dma    0x9c4b9d00 0xc40 read"
	# GPUs: a terminal's text padded with spaces, a kernel log, a journal in French
	posted terminal-padded -o device,pasid,command,iova
	equal "$output" "   
0000:c3:00.0 32773 bandwidth-test 0x7f0000002000"
	makes gpu-no-retry '1 amdgpu dma 0000:c6:00.0 32769 pt_main_thread 0xae8570611000  read'
	posted gpu-french-journal -o time,device,pasid,command,iova
	equal "$output" 'nov\x2004\x2013:30:18 0000:0d:00.0 32770 composer 0x8001089f0000'
	# a web page without host names; an accelerator's log; a line from an article
	makes chinese-page '2 amd-vi invalidation      '
	makes rockchip '1 rk_iommu dma    0x4382010  write'
	makes dsa "1 idxd hardware 0000:6a:01.0     
1 dmar lost      
1 dmar dma 0000:6a:01.0 2  0x7fe0c9943000  read"
	posted rmrr -o kind,device
	equal "$output" 'refused 0000:04:00.0'
}

@test "only with --pasted; without it, they are counted and there is no all-clear" {
	local name

	for name in commit-message vendor-console gpu-clock-only backticks-each-line; do
		posted "$name"
		[[ $status == 7 && ! $output ]]
		says "not believed to be the kernel's: --pasted reads"
	done
	# a commit message, indented
	makes commit-message "2 dmar dma 0000:00:12.0   0x0  write
1 dmar lost      " --pasted
	# a vendor's console, preceded by two timestamps of its own
	makes vendor-console '1 arm-smmu dma    0xfd7ff000 0x19c3 read' --pasted
	# a bug report with only the time of day
	posted gpu-clock-only --pasted -o time,device,pasid,command,iova
	succeeds
	equal "$output" '12:09:20 0000:c3:00.0 48 composer 0x800112c14000'
	# a bug report with code marks around each line
	makes backticks-each-line "1 dmar invalidation      
1 dmar invalidation      " --pasted
}

@test "as it is, of IOMMUs: an empty line after each, a name taken out, Linux 3, laptops" {
	# a commit message's log is below; here: bug reports of SSDs, of GPUs in VMs, of Wi-Fi (Linux 4.19 to 6.8)
	makes empty-lines "1 dmar lost      
2 dmar dma 0000:99:00.0   0x0  write"
	makes host-removed "3 amd-vi invalidation 0000:0b:00.0     
2 amd-vi invalidation      "
	makes laptop-boot "1 amd-vi invalidation      
1 amd-vi invalidation 0000:01:00.0     "
	makes ivrs '1 amd-vi unsafe      '
	makes gpu-to-vm "1 dmar dma 0000:00:02.0   0x0  write
2 dmar lost      
1 dmar dma 0000:00:02.0   0xb4000000  read
1 dmar dma 0000:00:02.0   0xb403d000  read"
	makes wifi "1 amd-vi dma 0000:01:00.0   0xcff49550  write
1 amd-vi dma 0000:01:00.0   0xcece9e50  write"
	makes jetson-table-walk '1 arm-smmu dma AFI   0x17fe0fe00 0x11 read'
	# a mailing list (Linux 3.8), a forum with rsyslog's times, of which a bracket is lost (3.11)
	makes list-linux3 '1 dmar dma 0000:00:02.0   0x1a45aa9000  read'
	makes syslog-lost-bracket '1 dmar dma 0000:01:00.0   0x41a6aa000  read'
	# VFIO of Linux 5.4, with the driver's name once more
	makes relaying '1 vfio refused 0000:00:04.0     '
}

@test "as it is, of GPUs: lines that are missing, of two in turn, without a device, in several lines, in German" {
	makes gpu-bare-line '1 amdgpu dma 0000:01:00.0   0x123927000  read'
	makes gpu-domains "1 amdgpu dma 0005:01:00.0 32784 Media1251 0x0  read
1 amdgpu dma 000d:31:00.0 32789 Media1448 0x0  read"
	makes gpu-game '1 amdgpu dma 0000:06:00.0 32784 game 0x80012ae97000  '
	makes gpu-lines-left-out '1 amdgpu dma 0000:03:00.0 128 GameThread 0x80004083e000  '
	makes gpu-python '1 amdgpu dma 0000:0e:00.0 32791 python3 0x7febd6383000  write'
	makes gpu-suppressed "1 amdgpu lost      
1 amdgpu dma 0000:0b:00.0 32770 python 0x7f5279bab000  "
	makes gpu-two-interleaved "1 amdgpu dma 0000:8b:00.0 32773 python3 0x0  read
1 amdgpu dma 0000:88:00.0 32772 python3 0x0  read"
	makes gpu-relative-times '1 amdgpu dma 0000:09:00.0   0xb91000  read'
	makes display '2 i915 dma 0000:00:02.0     '
	makes xe-cat '3 xe dma 0000:0b:00.0     '
	makes xid31-compute '1 nvidia dma 0000:0a:00.0  plot_k32 0x7f295b8c9000  read'
	makes xid31-desktop "1 nvidia dma 0000:08:00.0  browser 0xabe0000  read
1 nvidia dma 0000:08:00.0  browser 0xabe0000  read"
	makes panfrost-journal '1 panfrost dma ff9a0000.gpu   0x107ed2cc0  read'
	makes panfrost-dmesg '1 panfrost dma ff9a0000.gpu   0x13b4b880  read'
	makes lima "1 lima dma 1c40000.gpu   0x121020  read
1 lima dma 1c40000.gpu   0x121000  read"
	makes v3d-player '1 v3d dma fec00000.v3d   0x6801000  '
	makes v3d-reset '1 v3d dma fec00000.v3d   0x42630e0  '
}

@test "with --pasted: two messages in a line, code with a remark behind it, the newest first" {
	# a terminal's lines, filled with blanks and put together
	makes two-on-a-line "1 msm dma    0x1047dc0  read
1 arm-smmu dma    0x1047dc0  read
1 msm dma    0x1047de0  read
1 arm-smmu dma    0x1047de0  read" --pasted
	makes tablet '1 tegra-smmu dma    0x801000  read' --pasted
	# a commit message
	makes switch-commit "3 dmar dma 0000:00:12.0   0x0  write
1 dmar lost      " --pasted
	# the address comes before, where it may be another's
	makes gpu-newest-first '2 amdgpu dma 0000:04:00.0 32770 Xorg   ' --pasted
}
