#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# system capture, and --sysroot FILE; tests/lab/suites/capture.bats tests real machines.

setup_file()
{
	load ../lib.bash
	unpack intel-pasid intel-pasid-user intel-pages amd virtio none idxd kfd
	"$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/intel-pasid" system capture "$BATS_FILE_TMPDIR/machine.tar.gz"
}

setup()
{
	load ../lib.bash
	MACHINE=$BATS_FILE_TMPDIR/machine.tar.gz
	FILE=$BATS_TEST_TMPDIR/file.tar.gz
	cd "$BATS_TEST_TMPDIR" || return
}

# ask SYSROOT: the output for it, as far as it does not depend on this machine.
ask()
{
	local command

	for command in 'group list' 'device list' 'iommu list' 'driver list' 'pasid list' 'pasid list --sources' \
		'system features' 'system tree' 'device show 0000:00:10.0' 'device show nvme0' \
		'pasid why 0000:00:10.0' 'pasid map 0000:00:10.0 42'; do
		echo "=== $command"
		# shellcheck disable=SC2086	# words
		"$IOASIDCTL" --sysroot "$1" $command -o all -j 2>&1 || echo "status $?"
	done
}

@test "a captured tree answers like the original tree" {
	local name

	for name in intel-pasid intel-pasid-user intel-pages amd virtio none idxd kfd; do
		run_both "$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/$name" system capture --force "$FILE"
		ended 0
		echo "$name"
		diff <(ask "$BATS_FILE_TMPDIR/$name") <(ask "$FILE")
	done
}

# operands COMMAND DIR: what to ask of it on this machine, one line each.
operands()
{
	local groups=("$2"/sys/kernel/iommu_groups/*) devices=("$2"/sys/bus/pci/devices/*) units=("$2"/sys/class/iommu/*)

	case $1 in
	'group show' | 'group why') printf '%s\n' "${groups[@]##*/}" eth1 ;;
	'device show' | 'pasid why' | 'system features') printf '%s\n' "${devices[@]##*/}" nvme0 ;;
	'iommu show') printf '%s\n' "${units[@]##*/}" ;;
	'pasid show') printf '%s 42\n' "${devices[@]##*/}" ;;
	'pasid map') printf '%s\n%s 42\n' "${devices[0]##*/}" 00:10.0 00:05.0 0 ;;
	'pasid translate') printf '%s\n' '00:10.0 42 0x100000 0x900000' '00:10.0 0x1000' ;;
	'ioas show' | 'hwpt show') printf '%s\n' '2 -c vm' 'guest -c vm' ;;
	'context show') printf '%s\n' vm nothing ;;
	'system check') printf '%s\n' passthrough --all ;;
	'system diff') echo "$BATS_FILE_TMPDIR/intel-pasid" ;;
	*) echo ;;
	esac
}

# everything DIR SYSROOT: what every inspecting command says of SYSROOT, whose tree is DIR.
everything()
{
	local command operand

	while IFS= read -r command; do
		while IFS= read -r operand; do
			echo "=== $command $operand"
			# shellcheck disable=SC2086	# words
			"$IOASIDCTL" $command --sysroot "$2" -j $operand 2>&1 </dev/null || echo "status $?"
		done < <(operands "$command" "$1" | head -n 12)
	# A capture has no changes to wait for.
	done < <("$IOASIDCTL" --dump-commands | awk -F '\t' '$2 == "--sysroot" && $1 !~ /^ioasidctl( context monitor)?$/ {
		sub(/^ioasidctl /, "", $1); print $1 }') | sed "s,$2,SYSROOT,g"
}

@test "every inspecting command shows a file as it shows the directory" {
	local tree machine

	for tree in "$ROOT"/tests/trees/*.tree; do
		machine=${tree##*/} machine=${machine%.tree}
		[[ -d $BATS_FILE_TMPDIR/$machine ]] || unpack "$machine"
		tree=$(own "$machine")
		archive "$tree" "$FILE"
		everything "$tree" "$tree" >directory
		everything "$tree" "$FILE" >file
		echo "$machine"
		diff directory file
		grep -q '^=== system tree' file
	done
}

@test "a capture of a capture is the same, whether that is a file or a directory" {
	local tree=$BATS_FILE_TMPDIR/intel-pasid

	mkdir first again
	on intel-pasid system capture first.tar.gz
	tar xzf first.tar.gz -C first
	run_both "$IOASIDCTL" --sysroot first.tar.gz system capture again.tar.gz
	succeeds
	tar xzf again.tar.gz -C again
	diff -r --no-dereference first again
	diff -r --no-dereference -x ioasidctl "$tree" again
}

@test "without FILE a name is generated and printed" {
	run_both "$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/none" system capture
	succeeds
	[[ $output =~ ^ioasidctl-[0-9]{8}T[0-9]{6}Z\.tar\.gz$ && -f $output ]]
	[[ $(stat -c %a "$output") == 600 ]]
}

@test "nothing is replaced without --force, and nothing is left after a failure" {
	echo mine >"$FILE"
	on none system capture "$FILE"
	fails 3 "$FILE: the file exists" "--force replaces it"
	equal "$(<"$FILE")" mine
	ln -s nowhere link
	on none system capture link
	fails 3 "link: the file exists" "--force replaces it"
	on none system capture --force "$FILE"
	succeeds
	tar tzf "$FILE" | grep -qx ioasidctl/capture
	on none system capture no/such/directory
	fails 1 "no/such/directory: cannot create: No such file or directory"
	equal "$(ls)" $'file.tar.gz\nlink\nstderr'
}

@test "to standard output, but not to a terminal" {
	on none system capture - >/dev/null
	"$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/none" system capture - | tar tz >list
	equal "$(head -n 1 list)" ioasidctl/capture
	script -qec "$IOASIDCTL --sysroot $BATS_FILE_TMPDIR/none system capture -; echo status \$?" /dev/null </dev/null >said
	grep -q 'refusing to write compressed data to a terminal' said
	grep -q 'status 2' said
	# shellcheck disable=SC2016	# for the inner shell
	run_both bash -c '"$IOASIDCTL" --sysroot "$1" system capture - >/dev/full' bash "$BATS_FILE_TMPDIR/none"
	ended 1
	says 'cannot write: No space left on device'
}

@test "what could not be read is reported, and reads as such" {
	local tree

	tree=$(own none)
	rm -rf "$tree/proc/swaps"
	ln -s errno:13 "$tree/proc/swaps"
	run_both "$IOASIDCTL" --sysroot "$tree" system capture "$FILE"
	ended 0
	says_only 'ioasidctl: note: /proc/swaps could not be read: Permission denied'
	equal "$(tar xzOf "$FILE" ioasidctl/unreadable)" 'proc/swaps: Permission denied'
	[[ $(tar tvzf "$FILE" proc/swaps) == *'proc/swaps -> errno:13' ]]
}

@test "a file that is not an ioasidctl capture is reported as such" {
	local name

	echo 'some text, longer than nothing' >text
	: >empty
	head -c 2000 /dev/zero >zeros
	mkdir -p t/a
	tar czf other.tar.gz t
	for name in text empty zeros other.tar.gz; do
		run_both "$IOASIDCTL" --sysroot $name group list
		fails 1 "$name: is not an ioasidctl capture" "'ioasidctl system capture' writes one; a directory works as well"
	done
	mkfifo fifo
	run_both timeout 20 "$IOASIDCTL" --sysroot fifo group list
	fails 1 "fifo: cannot open: Not a directory"
}

@test "truncated, damaged or newer files are reported as such" {
	local size last entry

	size=$(stat -c %s "$MACHINE")
	last=$(tar tf "$MACHINE" | tail -n 1)
	for size in $((size / 2)) $((size - 4)); do
		head -c "$size" "$MACHINE" >cut.tar.gz
		run_both "$IOASIDCTL" --sysroot cut.tar.gz group list
		# shellcheck disable=SC2154	# run_both sets it
		entry=${stderr##*after } entry=${entry%)}
		fails 1 "cut.tar.gz: is cut off: its end is missing (in or after $entry)"
		tar tf "$MACHINE" "$entry"
	done
	# Of the last only zlib's sum is missing.
	equal "$entry" "$last"
	size=$(($(stat -c %s "$MACHINE") / 2))
	{ head -c "$size" "$MACHINE"; noise 200; tail -c +$((size + 201)) "$MACHINE"; } >damaged
	run_both "$IOASIDCTL" --sysroot damaged group list
	entry=${stderr##*after } entry=${entry%)}
	fails 1 "damaged: is damaged, or contains something that no capture contains (in or after $entry)"
	tar tf "$MACHINE" "$entry"
	run_both "$IOASIDCTL" --sysroot "$ROOT/tests/fuzz/corpus/archive/newer" group list
	fails 1 "$ROOT/tests/fuzz/corpus/archive/newer: was captured by a newer ioasidctl, in a format that this version does not know"
}

# hostile: the generated tar fails in the expected way.
hostile()
{
	run_both "$IOASIDCTL" --sysroot "$FILE" group list
	fails 1 "$FILE: $1"
}

@test "nothing is outside, below a link, or there twice; there are no devices" {
	local unwanted='is damaged, or contains something that no capture contains'

	mkdir -p t/ioasidctl t/sys outside
	echo 'ioasidctl-capture 1' >t/ioasidctl/capture
	echo x >t/x
	cp t/x t/sys/x
	tar czf "$FILE" -C t -P --transform 's,^x$,../x,' ioasidctl x
	hostile "$unwanted (in or after ../x)"
	tar czf "$FILE" -C t -P --transform "s,^x\$,$PWD/outside/x," ioasidctl x
	hostile "$unwanted (in or after $PWD/outside/x)"
	tar cf all.tar -C t ioasidctl
	mkdir u
	ln -s "$PWD/outside" u/sys
	tar rf all.tar -C u sys
	tar rf all.tar -C t sys/x
	gzip -c all.tar >"$FILE"
	hostile "$unwanted (in or after sys/x)"
	tar czf "$FILE" -C t ioasidctl x x
	run_both "$IOASIDCTL" --sysroot "$FILE" group list
	tar cf all.tar -C t ioasidctl x
	tar rf all.tar -C t x
	gzip -c all.tar >"$FILE"
	hostile "$unwanted (in or after x)"
	ln t/x t/hard
	tar czf "$FILE" -C t ioasidctl x hard
	hostile "$unwanted (in or after hard)"
	mkfifo t/fifo
	tar czf "$FILE" -C t ioasidctl fifo
	hostile "$unwanted (in or after fifo)"
}

@test "what would fill the memory is refused before it does" {
	mkdir -p t/ioasidctl "t/$(printf 'long/%.0s' {1..250})"
	echo 'ioasidctl-capture 1' >t/ioasidctl/capture
	truncate -s 65M t/bomb
	tar czf "$FILE" -C t ioasidctl bomb
	hostile 'is larger than any capture'
	tar czf "$FILE" -C t ioasidctl long
	hostile 'is larger than any capture'
}

@test "directories that have no entry of their own are limited too" {
	mkdir -p t/ioasidctl t/sys/kernel/iommu_groups t/sys/{a,b,c} t/deep
	echo 'ioasidctl-capture 1' >t/ioasidctl/capture
	touch t/deep/{001..258}
	# 8 and 258 * 508: all that are allowed.
	tar cf all.tar -C t ioasidctl/capture sys
	tar rf all.tar -C t --transform "s,^deep/\\([0-9]*\\),\\1/$(printf 'd/%.0s' {1..507})x," deep
	gzip -c all.tar >"$FILE"
	run_both "$IOASIDCTL" --sysroot "$FILE" group list
	succeeds
	mkdir t/more
	tar rf all.tar -C t more
	gzip -c all.tar >"$FILE"
	run_both "$IOASIDCTL" --sysroot "$FILE" group list
	ended 1
	says 'is larger than any capture'
}

@test "interrupted at any time it leaves nothing, or the complete file" {
	local pid delay signal

	mkdir cut && cd cut
	for signal in INT TERM; do
		for delay in 0 1 2 3 4 5 6 7 8 9; do
			# A shell's background jobs ignore SIGINT.
			env --default-signal=INT "$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/none" system capture x >/dev/null 2>&1 &
			pid=$!
			sleep "0.00$delay"
			kill -s "$signal" $pid 2>/dev/null || true
			wait $pid || true
			[[ $(ls) == '' || $(ls) == x ]]
			[[ ! -e x ]] || gzip -t x
			rm -f x
		done
	done
}

@test "an anonymous capture has no serial number, MAC address or command" {
	local tree net

	tree=$(own intel-pasid)
	net=$tree/sys/devices/pci0000:00/0000:00:03.0/net
	mv "$net/eth1" "$net/enx525400123456"
	rm "$tree/sys/class/net/eth1"
	ln -s ../../devices/pci0000:00/0000:00:03.0/net/enx525400123456 "$tree/sys/class/net/"
	# An NVMe's config space with a serial number as its first extended capability, at 0x100.
	printf '\x03\x00\x01\x00SERIAL!!' |
		dd of="$tree/sys/devices/pci0000:00/0000:00:10.0/config" bs=1 seek=256 conv=notrunc status=none
	run_both "$IOASIDCTL" --sysroot "$tree" system capture "$FILE"
	ended 0
	tar xzOf "$FILE" | grep -qa 'SERIAL!!'
	tar tzf "$FILE" | grep -q enx525400123456
	tar xzOf "$FILE" | grep -qax bash
	run_both "$IOASIDCTL" --sysroot "$tree" system capture --anonymous --force "$FILE"
	ended 0
	[[ $(tar xzOf "$FILE" | grep -caE 'SERIAL!!|^bash$') == 0 && $(tar tvzf "$FILE" | grep -c 525400123456) == 0 ]]
	run_both "$IOASIDCTL" --sysroot "$FILE" device show 0000:00:03.0 -j -o interface
	ended 0
	json '[.. | strings] | any(. == "enx000000000001")'
}

@test "arguments of commands are captured if asked for, and never anonymously" {
	local tree

	tree=$(own intel-pasid)
	printf 'dpdk\0--password=secret\0' >"$tree/proc/107/cmdline"
	run_both "$IOASIDCTL" --sysroot "$tree" system capture "$FILE"
	ended 0
	[[ $(tar xzOf "$FILE" | grep -ca secret) == 0 ]]
	run_both "$IOASIDCTL" --sysroot "$tree" system capture --arguments --force "$FILE"
	ended 0
	tar xzOf "$FILE" proc/107/cmdline | cmp - "$tree/proc/107/cmdline"
	run_both "$IOASIDCTL" system capture --anonymous --arguments "$FILE"
	ended 2
	says '--anonymous and --arguments cannot be combined'
}

@test "a capture has the captured contexts, and cannot be changed" {
	local tree

	tree=$(own intel-pasid)
	mkdir -p "$tree/ioasidctl"
	cat >"$tree/ioasidctl/contexts.json" <<-'END'
		{ "uid": 0, "roots": [], "context": [
		  { "name": "vm", "socket": "/run/ioasidctl/vm.sock", "uid": 0, "status": "live",
		    "describe": { "name": "vm", "pid": 90, "uid": 0, "created": 5, "iommufd": true, "device": [],
		      "ioas": [ { "id": 2, "name": "guest", "mapped": 0, "mapping_count": 0, "user_count": 0 } ],
		      "hwpt": [] },
		    "bindings": [ { "binding": [] } ],
		    "ioas": [ { "ioas": { "id": 2, "name": "guest", "alignment": 4096,
		      "range": [ { "first": "0x0", "last": "0xfff" } ], "mapping": [], "user": [] } } ] },
		  { "name": "dead", "socket": "/run/ioasidctl/dead.sock", "uid": 0, "status": "stale" },
		  { "name": "stuck", "socket": "/run/ioasidctl/stuck.sock", "uid": 0, "status": "live",
		    "error": { "err": 110, "message": "it does not answer" } } ] }
	END
	run_both "$IOASIDCTL" --sysroot "$tree" context list -rno context,state,pid
	ended 0
	equal "$output" $'vm live 90\ndead stale \nstuck live ?'
	says_only 'ioasidctl: note: PID could not be read in 1 row: Connection timed out'
	run_both "$IOASIDCTL" --sysroot "$tree" ioas show 0x2 -c vm -j
	succeeds
	json '.name == "guest" and .user == []'
	run_both "$IOASIDCTL" --sysroot "$tree" ioas show other -c vm
	fails 6 "there is no IOAS other in the context" "'ioasidctl ioas list' shows the IOASes"
	run_both "$IOASIDCTL" --sysroot "$tree" ioas show 0x3 -c vm
	fails 6 "there is no IOAS 0x3 in the context" "'ioasidctl ioas list' shows the IOASes"
	run_both "$IOASIDCTL" --sysroot "$tree" context show dead
	ended 6
	run_both "$IOASIDCTL" --sysroot "$tree" context show stuck
	fails 1 "stuck: it does not answer"
	run_both "$IOASIDCTL" --sysroot "$tree" -c vm ioas alloc
	fails 2 "$tree: a capture cannot be changed"
	echo '{ "uid": 0, "context": 7 }' >"$tree/ioasidctl/contexts.json"
	run_both "$IOASIDCTL" --sysroot "$tree" context list
	ended 1
	rm "$tree/ioasidctl/contexts.json"
	run_both "$IOASIDCTL" --sysroot "$tree" context list
	fails 2 "$tree: its contexts were not captured"
}

@test "a context of another user is named with its owner, and never found by its name only" {
	local name tree

	tree=$(own intel-pasid)
	mkdir -p "$tree/ioasidctl" "$tree/etc"
	jq -n 'def context(uid; name; state): { name: name, socket: "/x/\(name).sock", uid: uid, status: state } +
			if state != "live" then {} else { bindings: [{ binding: [] }], ioas: [], describe: { name: "lie",
				pid: (uid + 90), uid: uid, created: 5, iommufd: true, device: [], hwpt: [],
				ioas: [{ id: (uid + 2), name: "g", mapped: 0, mapping_count: 0, user_count: 0 }] } } end;
		{ uid: 0, roots: [], context: [context(0; "both"; "live"), context(0; "dead"; "stale"),
			context(1000; "both"; "live"), context(1000; "dead"; "live"), context(1000; "hers"; "live"),
			context(1000; "left"; "stale"), context(1001; "hers"; "live")] }' >"$tree/ioasidctl/contexts.json"
	printf '%s\n' root:x:0:0::: alice:x:1000:1000::: >"$tree/etc/passwd"
	run_both "$IOASIDCTL" --sysroot "$tree" context list -rno context,name,state,uid,user,pid
	succeeds
	equal "$output" "$(printf '%s\n' 'both both live 0 root 90' 'dead dead stale 0 root ' \
		'1000:both both live 1000 alice 1090' '1000:dead dead live 1000 alice 1090' \
		'1000:hers hers live 1000 alice 1090' '1000:left left stale 1000 alice ' '1001:hers hers live 1001 1001 1091')"
	run_both "$IOASIDCTL" --sysroot "$tree" ioas list -rno context,ioas
	succeeds
	equal "$output" $'both 2\n1000:both 1002\n1000:dead 1002\n1000:hers 1002\n1001:hers 1003'
	# A list covers all contexts, whatever the environment selects for other commands, or one
	# with -c.
	run_both env IOASIDCTL_CONTEXT=both "$IOASIDCTL" --sysroot "$tree" ioas list -rno context
	succeeds
	equal "$output" $'both\n1000:both\n1000:dead\n1000:hers\n1001:hers'
	run_both env IOASIDCTL_CONTEXT=1000:both "$IOASIDCTL" --sysroot "$tree" context show -rno context
	succeeds
	equal "$output" 1000:both
	run_both env IOASIDCTL_CONTEXT=both "$IOASIDCTL" --sysroot "$tree" -c 1000:both ioas list -rno context,ioas
	succeeds
	equal "$output" '1000:both 1002'
	run_both "$IOASIDCTL" --sysroot "$tree" -c both ioas list -c 1000:hers -rno context,ioas
	succeeds
	equal "$output" '1000:hers 1002'
	run_both "$IOASIDCTL" --sysroot "$tree" context show both -j -o context,name,user
	succeeds
	json '. == { context: "both", name: "both", user: "root" }'
	for name in 1000:both 0x3e8:both; do
		run_both "$IOASIDCTL" --sysroot "$tree" context show "$name" -j -o context,name,user
		succeeds
		json '. == { context: "1000:both", name: "both", user: "alice" }'
	done
	run_both "$IOASIDCTL" --sysroot "$tree" context show 0:both -rno context
	succeeds
	equal "$output" both
	run_both "$IOASIDCTL" --sysroot "$tree" context show dead
	fails 6 'the holder of context dead is dead, and everything in it is gone' \
		"'ioasidctl context create' with the same name creates it again, 'context destroy' removes what is left"
	run_both "$IOASIDCTL" --sysroot "$tree" context show hers
	fails 6 'there is no context hers' 'another user has a context of that name: 1000:hers, 1001:hers'
	run_both "$IOASIDCTL" --sysroot "$tree" context show left
	fails 6 'there is no context left'
	run_both "$IOASIDCTL" --sysroot "$tree" context show 1002:hers
	fails 6 'there is no context 1002:hers'
	run_both "$IOASIDCTL" --sysroot "$tree" context show alice/both
	fails 2 'alice/both: a capture has users by number only' \
		"use UID:NAME for another user's context"
	for name in 9x 1000: :both 1000:9 1000:both:x 4294967295:both -1:both 1000/ /both a:both ../../both; do
		run_both "$IOASIDCTL" --sysroot "$tree" context show -- "$name"
		ended 2
		begins "ioasidctl: '$name' is not a valid context name"
	done
}

@test "pasid list -c, before the noun and after the verb: of one context, which must exist" {
	local tree

	tree=$(own intel-pasid)
	mkdir -p "$tree/ioasidctl"
	jq -n 'def context(uid; pasid): { name: "both", socket: "/x", uid: uid, status: "live", ioas: [],
			describe: { name: "both", pid: 90, uid: uid, created: 5, iommufd: true, hwpt: [], ioas: [], device: [] },
			bindings: [{ binding: [{ device: "0000:00:10.0", lo: pasid, hi: pasid,
				target: { ioas: { id: 2, name: null }, hwpt: { id: 3, name: null } } }] }] };
		{ uid: 0, roots: [], context: [context(0; 700), context(1000; 800),
			{ name: "dead", socket: "/x", uid: 0, status: "stale" }] }' >"$tree/ioasidctl/contexts.json"
	run_both "$IOASIDCTL" --sysroot "$tree" pasid list pasid=700,800 -rno context,pasid
	equal "$output" $'both 700\n1000:both 800'
	for command in 'pasid list -c both' '-c both pasid list' '-c 1000:both pasid -c 0:both'; do
		# shellcheck disable=SC2086	# words
		run_both env IOASIDCTL_CONTEXT=1000:both "$IOASIDCTL" --sysroot "$tree" $command -rno context,pasid
		equal "$output" 'both 700'
	done
	run_both env IOASIDCTL_CONTEXT=both "$IOASIDCTL" --sysroot "$tree" -c 1000:both pasid list -rno context,pasid
	equal "$output" '1000:both 800'
	run_both env IOASIDCTL_CONTEXT=both "$IOASIDCTL" --sysroot "$tree" pasid list pasid=700,800 -rno context
	equal "$output" $'both\n1000:both'
	for command in 'pasid list -c nosuch' '-c nosuch pasid list' '-c nosuch ioas list' 'ioas list -c nosuch' \
		'context show -c nosuch' '-c nosuch context show'; do
		# shellcheck disable=SC2086	# words
		run_both "$IOASIDCTL" --sysroot "$tree" $command
		fails 6 'there is no context nosuch'
	done
	run_both "$IOASIDCTL" --sysroot "$tree" pasid list -c dead
	ended 6
	begins 'ioasidctl: the holder of context dead is dead, and everything in it is gone'
	run_both "$IOASIDCTL" --sysroot "$tree" -c both pasid list --sources
	fails 2 'both: --sources and -c cannot be combined'
	run_both "$IOASIDCTL" --sysroot "$tree" -c both context show both
	fails 2 'both: NAME and -c cannot be combined'
	for command in 'group list' 'device list' 'context list' 'system tree' 'pasid show 00:10.0 700'; do
		# shellcheck disable=SC2086	# words
		run_both "$IOASIDCTL" --sysroot "$tree" -c both $command
		ended 2
		begins "ioasidctl: 'ioasidctl ${command%% 00*}' does not take -c"
	done
}
