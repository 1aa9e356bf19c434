#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# system explain

setup_file()
{
	load ../lib.bash
	unpack intel-pasid virtio
}

setup()
{
	load ../lib.bash
	# shellcheck disable=SC2034	# of lib.bash
	DOCUMENTS=$BATS_FILE_TMPDIR/documents
	LOG=$BATS_TEST_TMPDIR/log
	FAULT='DMAR: [DMA Write PASID 0x2a] Request device [0000:00:10.0] fault addr 0xdead000 [fault reason 0x59] SM: Present bit in PASID Table Entry is clear'
}

# piped NAME COMMAND...: like on(), with $LOG as stdin.
piped()
{
	# shellcheck disable=SC2094 # it is only read
	on "$@" <"$LOG"
}

@test "a text in UTF-16 is refused, and how to convert it is said" {
	local text

	for text in '\xff\xfeD\0M\0\n\0' '\xfe\xff\0D\0\n'; do
		printf %b "$text" >"$BATS_TEST_TMPDIR/text"
		on intel-pasid system explain --file "$BATS_TEST_TMPDIR/text"
		fails 1 "$BATS_TEST_TMPDIR/text: the text is UTF-16, and only UTF-8 can be read" \
			"'iconv -f UTF-16 -t UTF-8 FILE | ioasidctl system explain -' converts it"
	done
	# Anywhere else it is a line as any other.
	printf '\nx\xff\xfe\n\xff\xfe\n' >"$BATS_TEST_TMPDIR/text"
	on intel-pasid system explain --file "$BATS_TEST_TMPDIR/text"
	ended 0
	says_only "ioasidctl: note: no known kind of fault found in 3 lines"
}

@test "a line is explained: device, name, group, driver, PASID, address, reason, remedy" {
	on intel-pasid system explain "Nov 22 10:11:12 host kernel: [   12.345678] $FAULT" -j -o all
	succeeds
	json 'length == 1 and (.[0] | .time == "Nov 22 10:11:12" and .kind == "dma" and
		.source == "dmar" and .device == "0000:00:10.0" and .pasid == 42 and
		.iova == "0xdead000" and .access == "write" and .code == "0x59" and
		.reason == "the PASID is bound to nothing" and (.remedy | startswith("bind the PASID")) and
		.message == "SM: Present bit in PASID Table Entry is clear" and
		(.line | startswith("Nov 22")))'
	equal "$(jq -r '.[0] | "\(.group) \(.driver) \(.iommu)"' <<<"$output")" \
		"$("$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/intel-pasid" device list -j \
			-o device,group,driver,iommu |
			jq -r '.[] | select(.device == "0000:00:10.0") | "\(.group) \(.driver) \(.iommu)"')"
}

@test "people see a table, programs one row at a time" {
	on intel-pasid system explain -o device,pasid,iova,access,reason "[1.0] $FAULT"
	succeeds
	equal "$output" "$(cat <<-'END'
		DEVICE       PASID IOVA      ACCESS REASON
		0000:00:10.0    42 0xdead000 write  the PASID is bound to nothing
	END
	)"
	on intel-pasid system explain -rn -o device,pasid,reason "$FAULT"
	equal "$output" '0000:00:10.0 42 the\x20PASID\x20is\x20bound\x20to\x20nothing'
}

@test "a pasted line may begin with spaces; in a journal such a line could be anyone's" {
	on intel-pasid system explain -rn -o device,pasid "  [1.0] $FAULT" $'\t'"$FAULT"
	succeeds
	equal "$output" '0000:00:10.0 42'
	printf '                          x: %s\n' "$FAULT" >"$LOG"
	piped intel-pasid system explain -rn -o device -
	[[ $status == 7 && ! $output ]]
	says_only "ioasidctl: note: 1 line looks like a fault and was not believed to be the kernel's: --pasted reads it"
	piped intel-pasid system explain --pasted -rn -o device -
	succeeds
	equal "$output" 0000:00:10.0
}

@test "pasted text: quoted, indented, numbered, wrapped, escaped, in code marks" {
	local fault='DMAR: [DMA Write NO_PASID] Request device [0000:00:10.0] fault addr' reason='[fault reason 0x05] PTE'

	cat >"$LOG" <<-END
		Hello, this is what I see:
		> > [    1.000000] $fault 0x1000
		> > $reason Write access is not set
		| \`[    2.000000] kernel: $fault 0x2000 $reason Write access is not set\` |
		\`\`\`
		dmesg.txt:123:[    3.000000] $fault 0x3000 $reason Write access is not set
		\`\`\`
		- &lt;3&gt; [    4.000000] $fault 0x4000 $reason Write access is not set
		1. Nov 27 12:00:05 host kernel: $fault 0x5000 $reason Write access is not set
		"[    6.000000] ${fault//\"/} 0x6000 $reason Write access is not set\",
		    Nov 27 12:00:07 host microvm@vm2[1209]: $fault 0x7000 $reason Write access is not set
		[    8.000000] DMAR: [DMA Write NO_PASID] Request device [0000:00:10.0] fault addr 0x80
		00 $reason Write access is not set
		> arm-smmu-v3 arm-smmu-v3.3.auto: event 0x10 received:
		> arm-smmu-v3 arm-smmu-v3.3.auto: 	0x0000020000000010
		>
		> arm-smmu-v3 arm-smmu-v3.3.auto: 	0x0000020800000000
		> arm-smmu-v3 arm-smmu-v3.3.auto: 	0x0000000000009000
		> arm-smmu-v3 arm-smmu-v3.3.auto: 	0x0000000000000000
		[   10.000000] vfio-pci 0000:00:10.0:
		AMD-Vi: Event logged [IO_PAGE_FAULT
		domain=0x000a address=0xa000 flags=0x0020]
		[   11.000000] $fault
		and no more. Thanks
	END
	piped intel-pasid system explain --pasted -j -o time,device,iova,kind -
	succeeds
	equal "$(jq -r '.[] | "\(.time) \(.device) \(.iova) \(.kind)"' <<<"$output")" "$(cat <<-'END'
		1.000000 0000:00:10.0 0x1000 dma
		2.000000 0000:00:10.0 0x2000 dma
		3.000000 0000:00:10.0 0x3000 dma
		4.000000 0000:00:10.0 0x4000 dma
		Nov 27 12:00:05 0000:00:10.0 0x5000 dma
		6.000000 0000:00:10.0 0x6000 dma
		Nov 27 12:00:07 0000:00:10.0 0x7000 dma
		8.000000 0000:00:10.0 0x8000 dma
		null null 0x9000 dma
		10.000000 0000:00:10.0 0xa000 dma
		11.000000 0000:00:10.0 null unknown
	END
	)"
	# Without the option there is no all-clear.
	piped intel-pasid system explain -
	[[ $status == 7 ]]
	says 'not believed to be the kernel'
}

@test "journals as journalctl prints them: each format gives the same faults, and the same lines not believed" {
	local form

	# A record of the kernel, three of programs, one of them with two lines, one of VFIO, and
	# five lines of an SMMU.
	for form in json json-pretty json-sse json-seq export verbose; do
		on intel-pasid system explain --file "$BATS_TEST_DIRNAME/../fuzz/corpus/log/journal-$form" \
			-rn -o source,iova,stream
		[[ $status == 7 ]]
		equal "$(head -n 3 <<<"$output")" "dmar 0x1000 
iommu  
arm-smmu-v3 0xdead0000 0x200"
		says_only "ioasidctl: note: 3 lines look like faults and were not believed to be the kernel's: --pasted reads them"
	done
}

@test "columns that do not need the machine do not read it" {
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0	# it does not work under strace
	run_both strace -f -qq -e trace=%file -o "$BATS_TEST_TMPDIR/trace" "$IOASIDCTL" \
		system explain "$FAULT" -rn -o device,pasid,iova,reason
	succeeds
	# Only "/" itself is opened, and the loader's files.
	[[ $(grep -cE '"/?(sys|proc)/(bus|kernel|class|devices|[0-9])' "$BATS_TEST_TMPDIR/trace") == 0 ]]
}

@test "several lines, in operands, a pipe or a file, are the same" {
	printf '%s\n' "$FAULT" 'e1000e 0000:00:03.0 eth0: NIC Link is Up' \
		'arm-smmu-v3 arm-smmu-v3.3.auto: event 0x10 received:' \
		$'arm-smmu-v3 arm-smmu-v3.3.auto: \t0x0000020000007810' \
		$'arm-smmu-v3 arm-smmu-v3.3.auto: \t0x0000020800000000' \
		$'arm-smmu-v3 arm-smmu-v3.3.auto: \t0x00000000dead0000' \
		$'arm-smmu-v3 arm-smmu-v3.3.auto: \t0x0000000000000000' \
		'virtio_iommu virtio0: page fault from EP 40 at 0x1000 [W]' >"$LOG"
	piped virtio system explain - -rn -o source,device,pasid,iova
	succeeds
	equal "$output" "dmar 0000:00:10.0 42 0xdead000
arm-smmu-v3  7 0xdead0000
virtio-iommu 0000:00:05.0  0x1000"
	on virtio system explain --file "$LOG" -rn -o source,device,pasid,iova
	succeeds
	equal "$(wc -l <<<"$output")" 3
	on virtio system explain "$(<"$LOG")" -rn -o source
	succeeds
	equal "$output" $'dmar\narm-smmu-v3\nvirtio-iommu'
}

@test "equal faults are merged, with count and first and last time; --each and a pipe show them all" {
	local other=${FAULT/0xdead000/0xbeef000}

	printf '%s\n' "[1.0] $FAULT" "[2.0] $other" "[3.0] $FAULT" "[4.0] $FAULT" >"$LOG"
	on intel-pasid system explain --file "$LOG" -j -o time,count,last_time,iova
	succeeds
	json '. == [{ time: "1.0", count: 3, last_time: "4.0", iova: "0xdead000" },
		{ time: "2.0", count: 1, last_time: null, iova: "0xbeef000" }]'
	piped intel-pasid system explain -n -o time,count,last_time,iova -
	succeeds
	equal "$(tr -s ' ' <<<"$output")" $'1.0 3 4.0 0xdead000\n2.0 1 - 0xbeef000'
	on intel-pasid system explain --file "$LOG" --each -rn -o time,count,last_time,iova
	equal "$output" $'1.0 1  0xdead000\n2.0 1  0xbeef000\n3.0 1  0xdead000\n4.0 1  0xdead000'
	piped intel-pasid system explain -rn -o time,iova -
	equal "$output" $'1.0 0xdead000\n2.0 0xbeef000\n3.0 0xdead000\n4.0 0xdead000'
	# Every field matters; and there are more than the initial allocation holds.
	for ((i = 0; i < 300; i++)); do
		printf '[%d.0] %s\n' "$i" "${FAULT/0xdead000/$(printf '0x%x000' $((i % 150 + 1)))}"
	done >"$LOG"
	on intel-pasid system explain --file "$LOG" -j -o count,time,last_time
	json 'length == 150 and all(.[]; .count == 2) and .[149] == { count: 2, time: "149.0", last_time: "299.0" }'
	on intel-pasid system explain -j -o device "$FAULT" "${FAULT/0x2a/0x2b}" "${FAULT/10.0/11.0}" \
		"${FAULT/Write/Read}" "${FAULT/0x59/0x58}" "x: $FAULT" "$FAULT"
	json 'length == 5'
}

@test "a bridge's requester ID: the bridge, the group and the devices behind it are named" {
	local fault=${FAULT/0000:00:10.0/0000:03:00.0}

	on intel-pasid system explain -j -o device,name,group,driver,candidate "$fault" "${fault/0xdead/0xbeef}"
	[[ $status == 0 ]]
	json '.[0] == { device: "0000:03:00.0", name: "Red Hat device 000e", group: 5, driver: null,
		candidate: ["0000:03:01.0", "0000:03:02.0"] } and .[1] == .[0]'
	says_only 'ioasidctl: note: 0000:03:00.0: the bridge 0000:00:0a.0 sends what is behind it under this address: 0000:03:01.0, 0000:03:02.0'
	# Another function, and a bus without devices, belong to no device.
	on intel-pasid system explain -j -o device,group,candidate "${fault/03:00.0/03:00.1}" "${fault/03:00.0/7f:00.0}"
	succeeds
	json 'map([.device, .group, .candidate]) == [["0000:03:00.1", null, null], ["0000:7f:00.0", null, null]]'
	# An existing device is itself.
	on intel-pasid system explain -j -o group,candidate "${fault/03:00.0/02:00.0}"
	json '.[0] == { group: 12, candidate: null }'
}

@test "with another machine's log, nothing of this machine is shown" {
	on intel-pasid system explain --foreign -j -o device,name,group,driver,iommu,pid,pasid,reason \
		"$FAULT" "${FAULT/0000:00:10.0/0000:03:00.0}"
	succeeds
	json '.[0] == { device: "0000:00:10.0", name: null, group: null, driver: null, iommu: null, pid: null, pasid: 42,
		reason: "the PASID is bound to nothing" } and (.[1] | .device == "0000:03:00.0" and .group == null)'
}

@test "a log with another host's name is another machine's; with this machine's name it is not" {
	local own format

	own=$(uname -n)
	for format in 'Nov 22 10:11:12 %s kernel: %s' '{"_TRANSPORT":"kernel","_HOSTNAME":"%s","MESSAGE":"%s"}'; do
		# shellcheck disable=SC2059
		run_both "$IOASIDCTL" system explain -rn -o host,pasid \
			"$(printf "$format" "not-$own" "$FAULT")" "$(printf "$format" "not-$own" "$FAULT")"
		[[ $status == 0 ]]
		equal "$output" "not-$own 42"
		says_only "ioasidctl: note: the log is from not-$own: nothing from this machine, $own, is shown with its faults"
		# shellcheck disable=SC2059
		run_both "$IOASIDCTL" system explain -rn -o host,pasid \
			"$(printf "$format" "${own%%.*}.example.org" "$FAULT")" "$(printf "$format" localhost "$FAULT")"
		succeeds
		equal "$output" "${own%%.*}.example.org 42"$'\nlocalhost 42'
	done
	# A capture has no host name.
	on intel-pasid system explain -rn -o host,group "Nov 22 10:11:12 other kernel: $FAULT"
	succeeds
	equal "$output" 'other 6'
}

@test "the reader of a pipe gets each row immediately, even if the fault could have had more lines" {
	local fd line

	mkfifo "$BATS_TEST_TMPDIR/in"
	"$IOASIDCTL" system explain - -rn -o source,iova <"$BATS_TEST_TMPDIR/in" \
		>"$BATS_TEST_TMPDIR/out" 3>&- &
	exec {fd}>"$BATS_TEST_TMPDIR/in"
	echo "$FAULT" >&"$fd"
	for ((i = 0; i < 100; i++)); do
		[[ -s $BATS_TEST_TMPDIR/out ]] && break
		sleep 0.05
	done
	equal "$(<"$BATS_TEST_TMPDIR/out")" "dmar 0xdead000"
	echo 'arm-smmu-v3 a: event 0x10 received:' >&"$fd"
	for ((i = 0; i < 100; i++)); do
		line=$(tail -n 1 "$BATS_TEST_TMPDIR/out")
		[[ $line == arm* ]] && break
		sleep 0.05
	done
	equal "$line" "arm-smmu-v3 "
	exec {fd}>&-
	wait $!
}

@test "an unknown format is shown, with the reason unknown" {
	on intel-pasid system explain -j -o device,kind,reason,message \
		'DMAR: [DMA Sing] fault of device [0000:00:10.0] as none before'
	succeeds
	json '.[0] == { device: "0000:00:10.0", kind: "unknown",
		reason: "[DMA Sing] fault of device [0000:00:10.0] as none before",
		message: "[DMA Sing] fault of device [0000:00:10.0] as none before" }'
}

@test "a device that does not exist, or is not a PCI device, is only named" {
	on virtio system explain -j -o device,name,group,driver \
		'DMAR: [DMA Read NO_PASID] Request device [0000:7f:00.0] fault addr 0x1 [fault reason 0x06] x' \
		'exynos-sysmmu 1.sysmmu: 2.mixer: [READ] PAGE FAULT occurred at 0x20400000'
	succeeds
	json 'map([.device, .name, .group, .driver]) ==
		[["0000:7f:00.0", null, null, null], ["2.mixer", null, null, null]]'
}

@test "other lines are skipped; if there was no fault, that is reported" {
	on virtio system explain 'systemd[1]: Started Session 1.' -j
	[[ $status == 0 ]]
	equal "$output" '[]'
	says_only 'ioasidctl: note: no known kind of fault found in 1 line'
	: >"$LOG"
	on virtio system explain --file "$LOG"
	[[ $status == 0 && ! $output ]]
	says_only 'ioasidctl: note: no known kind of fault found in 0 lines'
}

@test "only the kernel is believed" {
	on virtio system explain -j "Nov 22 10:11:12 host evil[3]: $FAULT" "<11>$FAULT" \
		"12,1,2,-;$FAULT" "Nov 22 10:11:12 host evil: kernel: $FAULT"
	equal "$output" '[]'
	[[ $status == 7 ]]
	says_only "ioasidctl: note: 4 lines look like faults and were not believed to be the kernel's: --pasted reads them"
	on virtio system explain --pasted -j -o device "Nov 22 10:11:12 host evil[3]: $FAULT"
	succeeds
	json '. == [{ device: "0000:00:10.0" }]'
}

@test "hostile text controls no terminal and breaks no format" {
	local format

	# An escape sequence, an invalid byte, a C1 control, and characters special to JSON and
	# shells.
	printf '%s\n' $'vfio-pci 0000:00:05.0: vfio-noiommu device opened by user (\e[31m\xff\xc2\x9b"$(rm canary)`rm canary`\\:12)' \
		$'DMAR: [DMA \e]0;x\a] fault [0000:00:10.0] \x1b[2J' >"$LOG"
	printf 'DMAR: fault\0 \0after a NUL\n' >>"$LOG"
	for format in '' -j -r -P; do
		# shellcheck disable=SC2086 # none or one
		piped virtio system explain - -o all $format
		succeeds
		clean
		[[ $output != *$'\xff'* && $output != *$'\xc2\x9b'* && $output != *$'\a'* ]]
		[[ $format != -j ]] || json 'length == 3 and .[2].message == "fault? ?after a NUL"'
	done
	piped virtio system explain - -o pid,command,line -P
	succeeds
	touch "$BATS_TEST_TMPDIR/canary"
	(cd "$BATS_TEST_TMPDIR" && eval "${output%%$'\n'*}" && [[ $PID == 12 && $COMMAND ]])
	[[ -e $BATS_TEST_TMPDIR/canary ]]
}

@test "a line of ten megabytes is skipped, reported, and does not hide the next" {
	{
		head -c 10000000 /dev/zero | tr '\0' x
		printf '\n%s\n' "$FAULT"
		noise 70000 | tr -d '\n'
	} >"$LOG"
	piped virtio system explain - -rn -o device
	[[ $status == 7 ]]
	equal "$output" 0000:00:10.0
	says 'standard input: 2 lines were longer than 65536 bytes left out'
}

@test "a last line without its newline counts" {
	printf '%s' "$FAULT" >"$LOG"
	piped virtio system explain - -rn -o device
	succeeds
	equal "$output" 0000:00:10.0
}

@test "wrong usage and missing files" {
	on virtio system explain
	fails 2 "$BATS_FILE_TMPDIR/virtio: a capture has no kernel log" \
		"give a LINE of that machine's log, --file FILE, or - for standard input"
	on virtio system explain --file /nonexistent
	[[ $status == 1 ]]
	says '/nonexistent: cannot open: No such file or directory'
	on virtio system explain --file "$LOG" "$FAULT"
	[[ $status == 2 ]]
	says '--file and LINE cannot be combined'
	on virtio system explain --file /
	[[ $status == 1 ]]
	says '/: cannot read: Is a directory'
}

@test "what was printed as JSON is as the schemas say" {
	valid_documents
}
