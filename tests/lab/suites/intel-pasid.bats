#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# On a kernel with Intel's IOMMU in scalable mode: every effect is checked where the kernel shows
# it, not in the program's own output.
#
# bats does not notice the failure of "! command", hence [[ -z $(...) ]]; eventually() calls
# functions.
# shellcheck disable=SC2143,SC2317

load machine

setup_file()
{
	local device

	for device in "$WIDE" "$NARROW" "$PLAIN" "$EDU"; do
		ctl driver set "$device" vfio-pci
	done
}

teardown_file()
{
	local device

	for device in "$WIDE" "$NARROW" "$PLAIN" "$EDU"; do
		ctl driver reset "$device"
	done
}

setup()
{
	follow_test
	export IOASIDCTL_CONTEXT=test
	sleepers=()
}

teardown()
{
	# They would keep the contexts of the next test from being destroyed.
	for sleeper in "${sleepers[@]}"; do
		kill "$sleeper" 2>/dev/null || true
		wait "$sleeper" || true
	done
	destroy_all
	rm -rf /run/user/1000
	chown root /dev/iommu /dev/vfio/devices/*
}

# sleep_in CONTEXT: $! is a process that has its descriptors, and ends with the test.
sleep_in()
{
	"$IOASIDCTL" context exec "$1" -- sleep 60 3>&- &
	sleepers+=($!)
}

# A context with the wide endpoint in it and two IOASes.
context()
{
	ctl context create test
	ctl device add "$WIDE" >/dev/null
	first=$(ctl ioas alloc --name first)
	second=$(ctl ioas alloc)
	export first second
}

@test "driver set binds the devices to vfio-pci, and their nodes appear" {
	[[ $(readlink -f /sys/bus/pci/devices/"$WIDE"/driver) == */vfio-pci ]]
	[[ -c /dev/vfio/devices/$(ctl device show "$WIDE" -nr -o vfio_cdev) ]]
	[[ $(cat /sys/bus/pci/devices/"$WIDE"/driver_override) == vfio-pci ]]
	ctl driver list -nr -o device | grep -qx "$WIDE"
}

@test "PASIDs are bound to two IOASes, seen in the hardware, and unbound one by one" {
	local pasid

	context
	[[ $(ctl pasid bind "$WIDE" 42 first) == 42 ]]
	[[ $(ctl pasid bind "$WIDE" 100-163 "$second") == 100-163 ]]
	auto=$(ctl pasid bind "$WIDE" auto first)
	[[ $auto == 1 ]]
	[[ $(hardware "$WIDE") == "$(printf '%s\n' 1 42 {100..163})" ]]
	[[ $(ctl pasid list -nr -o pasid "device=$WIDE" state=ok) == "$(hardware "$WIDE")" ]]
	[[ $(ctl pasid list -nr -o ioas pasid=42) == "$first" ]]
	[[ $(ctl pasid list -nr -o ioas pasid=150) == "$second" ]]
	for pasid in 42 {100..163} "$auto"; do
		ctl pasid unbind "$WIDE" "$pasid"
		[[ -z $(awk -v bdf="${WIDE#0000:}" -v pasid="$pasid" '$1 == bdf && $4 + 0 == pasid' "$TABLE") ]]
	done
	[[ -z $(hardware "$WIDE") ]]
	[[ $(ctl pasid list -j) == '[]' ]]
}

# agree: all lists have exactly the PASIDs of the hardware, all recorded; WIDE and NARROW have so
# many.
agree()
{
	local device rows

	for device in "$WIDE" "$NARROW"; do
		rows=$(hardware "$device")
		[[ $(ctl pasid list -nr -o pasid -c test "device=$device") == "$rows" ]]
		[[ $(ctl pasid list -nr -o pasid state=ok "device=$device") == "$rows" ]]
	done
	[[ -z $(ctl pasid list -nr state=not-recorded) ]]
	[[ -z $(ctl pasid list -nr state=not-in-hardware) ]]
	[[ $(ctl context show -j test | jq -c '[.device[] | [.device, .pasid_count]] | sort') == \
		"[[\"$WIDE\",$1],[\"$NARROW\",$2]]" ]]
	[[ $(ctl system tree -nr -o state | sort -u | xargs) == ok ]]
}

@test "two devices in a context: the record has each one's PASIDs, whatever the other has" {
	context
	ctl device add "$NARROW" >/dev/null
	ctl pasid bind "$WIDE" 5 first
	ctl pasid bind "$NARROW" 1-8 "$second"
	agree 1 8
	[[ $(ctl pasid show -nr -o context,state "$NARROW" 3) == 'test ok' ]]
	[[ $(ctl pasid show -nr -o context,state "$NARROW" 8) == 'test ok' ]]
	ctl pasid bind "$WIDE" 1-4,6-20,30,1000 first
	ctl pasid bind "$NARROW" 9-200 first
	agree 22 200
	[[ $(ctl pasid show -nr -o state "$NARROW" 30) == ok ]]
	[[ $(ctl pasid list -nr -o pasid "device=$NARROW" "ioas=$second" | wc -l) == 8 ]]
	ctl pasid unbind "$WIDE" all
	agree 0 200
	ctl device remove "$WIDE"
	ctl device add "$WIDE" >/dev/null
	ctl pasid bind "$WIDE" 7 "$second"
	[[ $(ctl pasid list -nr -o pasid state=ok | wc -l) == 201 ]]
	[[ -z $(ctl pasid list -nr state=not-recorded) ]]
}

@test "different IOASes have different page tables, one IOAS has a single one" {
	local domains

	context
	ctl pasid bind "$WIDE" 1,2 first
	ctl pasid bind "$WIDE" 3 "$second"
	domains=$(ctl pasid list -nr -o pasid,domain)
	[[ $(awk '$1 < 3 { print $2 }' <<<"$domains" | sort -u | wc -l) == 1 ]]
	[[ $(awk '{ print $2 }' <<<"$domains" | sort -u | wc -l) == 2 ]]
}

@test "pasid why predicts the result of a bind" {
	ctl pasid why "$WIDE"
	context
	ctl pasid bind "$WIDE" 7 first
	[[ $(hardware "$WIDE") == 7 ]]
	status 0 ctl pasid why "$WIDE" -j
	jq -e 'any(.[]; .check == "in-use" and .result == "note")' <<<"$output"
	status 5 ctl pasid why "$PLAIN" --wake
	says 'pasid-capability'
	status 5 ctl pasid why "$NIC"
	says 'pasid-capability'
	# The lab's kernel does not require the capability.
	status 5 ctl pasid why "$WIDE" --for sva
	says 'iommu-page-walk: dmar0: coherent page walks: no'
	# Unprivileged, nothing is known to be broken, and the device's driver blocks it.
	status 3 user ioasidctl pasid why "$NIC"
	says '8 findings could not be measured; 8 for lack of permission: run as root'
}

@test "context destroy leaves no binding in the hardware" {
	context
	ctl pasid bind "$WIDE" 10-20 first
	[[ $(hardware "$WIDE" | wc -l) == 11 ]]
	ctl context destroy test
	[[ -z $(hardware "$WIDE") ]]
	[[ ! -e /run/ioasidctl/test.sock ]]
	[[ -z $(ctl context list -n) ]]
}

@test "kill -9 of the holder leaves no binding either, and the name can be used again" {
	context
	ctl pasid bind "$WIDE" 10-20 first
	kill -9 "$(holder_pid test)"
	no_binding() { [[ -z $(hardware "$WIDE") ]]; }
	eventually no_binding
	[[ $(ctl context list -nr -o context,state) == 'test stale' ]]
	status 6 ctl pasid bind "$WIDE" 10 first
	says 'is dead'
	[[ $(ctl context destroy test --dry-run) == 'unlink /run/ioasidctl/test.sock' ]]
	ctl context destroy test
	[[ ! -e /run/ioasidctl/test.sock ]]
	status 6 ctl context destroy test
	context
	ctl pasid bind "$WIDE" 10 first
	[[ $(hardware "$WIDE") == 10 ]]
}

@test "a removed socket is recreated with the same context; a successor's is left alone" {
	local pid

	context
	ctl pasid bind "$WIDE" 12 first >/dev/null
	pid=$(holder_pid test)
	rm /run/ioasidctl/test.sock
	is_back() { [[ $(ctl pasid list -nr -o pasid -c test 2>/dev/null) == 12 ]]; }
	eventually is_back
	[[ $(holder_pid test) == "$pid" ]]
	rm -r /run/ioasidctl
	eventually is_back
	status 1 ctl context create test
	# Another holder takes the name before this one notices: it ends, and leaves its successor's
	# socket alone.
	kill -STOP "$pid"
	rm /run/ioasidctl/test.sock
	ctl context create test
	kill -CONT "$pid"
	is_gone() { [[ ! -d /proc/$pid ]]; }
	eventually is_gone
	[[ -z $(hardware "$WIDE") ]]
	[[ $(ctl context list -nr -o context,state) == 'test live' ]]
}

@test "a holder in the foreground with an unread stderr serves, and ends when asked to" {
	local pid fd

	mkfifo "$BATS_TEST_TMPDIR/pipe"
	exec {fd}<>"$BATS_TEST_TMPDIR/pipe"
	"$IOASIDCTL" context create --foreground test 2>"$BATS_TEST_TMPDIR/pipe" 3>&- &
	pid=$!
	is_live() { [[ $(ctl context list -nr -o context,state) == 'test live' ]]; }
	eventually is_live
	# Fill the pipe completely.
	timeout 1 head -c 200000 /dev/zero >"$BATS_TEST_TMPDIR/pipe" || true
	status 0 ctl context show test
	kill "$pid"
	is_gone() { [[ ! -d /proc/$pid ]]; }
	eventually is_gone
	exec {fd}>&-
}

@test "SIGTERM frees everything and removes the socket" {
	context
	ctl pasid bind "$WIDE" 7 first
	kill "$(holder_pid test)"
	gone() { [[ ! -e /run/ioasidctl/test.sock ]] && [[ -z $(hardware "$WIDE") ]]; }
	eventually gone
}

@test "a device that the kernel wants back is released with its PASIDs, and the context lives on" {
	context
	ctl pasid bind "$WIDE" 10-20 first
	# Waits in vfio_unregister_group_dev() for the last fd to close.
	timeout 20 tee /sys/bus/pci/drivers/vfio-pci/unbind <<<"$WIDE"
	[[ -z $(hardware "$WIDE") ]]
	[[ $(ctl context show test -j | jq -c .device) == '[]' ]]
	echo "$WIDE" >/sys/bus/pci/drivers/vfio-pci/bind
	ctl device add "$WIDE"
	ctl pasid bind "$WIDE" 10 first
	[[ $(hardware "$WIDE") == 10 ]]
}

@test "kill -9 of a client during a range: the range is complete or gone, and the record says which" {
	local client bound ended

	context
	# On a loaded host the range can be complete before the client is killed: then retry.
	for _ in {1..10}; do
		ended=0
		"$IOASIDCTL" pasid bind "$WIDE" 1000-5095 first &
		client=$!
		until hardware "$WIDE" | grep -q .; do :; done
		kill -9 "$client" || true
		wait "$client" || ended=$?
		((ended != 137)) || break
		ctl pasid unbind "$WIDE" all
	done
	((ended == 137))
	# The next change waits for the range to complete.
	ctl ioas alloc >/dev/null
	bound=$(hardware "$WIDE" | wc -l)
	((bound == 0 || bound == 4096))
	[[ $(ctl pasid list -nr -o pasid state=ok | wc -l) == "$bound" ]]
	[[ $(ctl context show test -nr -o pasid_count) == "$bound" ]]
	ctl pasid bind "$WIDE" 42 first
	hardware "$WIDE" | grep -qx 42
}

@test "a long range does not delay other clients" {
	context
	ctl pasid bind "$WIDE" 1000-5095 first >/dev/null &
	begun() { hardware "$WIDE" | grep -q .; }
	eventually begun
	ctl context show test >/dev/null
	wait
	[[ $(hardware "$WIDE" | wc -l) == 4096 ]]
}

@test "a call of the kernel that does not return delays no other client" {
	context
	# Far below the call, and far above what a slow machine takes.
	"$BATS_TEST_DIRNAME/../../model/stall" "$(holder_pid test)" /run/ioasidctl/test.sock 12 \
		"/sys/devices/$(realpath --relative-to /sys/devices "/sys/bus/pci/devices/$NARROW")" 3000
	[[ $(ctl context show test -j -o device | jq length) == 1 ]]
	[[ $(ctl context show test -j | jq -r '.device[].device') == *"$NARROW"* ]]
}

@test "Ctrl-C undoes a range, and says so" {
	context
	"$IOASIDCTL" pasid bind "$WIDE" 1000-60000 first >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/errors" &
	local pid=$! got=0
	eventually busy 'pasid bind'
	kill -TERM "$pid" # a shell that is no terminal's ignores SIGINT for a command in the background
	wait "$pid" || got=$?
	((got == 1))
	grep -q 'cancelled, and undone' "$BATS_TEST_TMPDIR/errors"
	[[ ! -s $BATS_TEST_TMPDIR/out ]]
	[[ -z $(hardware "$WIDE") ]]
	[[ $(ctl context show test -nr -o pasid_count) == 0 ]]
}

# The events in FILE, a line each.
events()
{
	jq -r '[.event, .object.kind, .object.name, .target.kind, .target.name, .pasid.lo, .pasid.hi, .mapping.iova] |
		map(select(. != null)) | join(" ")' "$1"
}

@test "context monitor prints each change until the context ends" {
	local json=$BATS_TEST_TMPDIR/json rows=$BATS_TEST_TMPDIR/rows program person

	ctl context create test
	"$IOASIDCTL" context monitor test --since 0 -j >"$json" 3>&- &
	program=$!
	"$IOASIDCTL" context monitor --since 0 >"$rows" 3>&- &
	person=$!
	ctl device add "$WIDE" >/dev/null
	# As it happens, not when the program ends.
	eventually grep -q '"changed"' "$json"
	eventually grep -q " changed .*$WIDE" "$rows"
	ctl ioas alloc --name first >/dev/null
	ctl ioas map first 4K --iova 0x100000 >/dev/null
	ctl device attach "$WIDE" first
	ctl pasid bind "$WIDE" 7-9 first --dry-run >/dev/null
	ctl pasid bind "$WIDE" 7-9 first >/dev/null
	ctl pasid unbind "$WIDE" 8
	ctl device detach "$WIDE"
	ctl context destroy test
	wait "$program"
	wait "$person"
	jq -se 'map(.number) == [range(1; length + 1)] and all(.[]; .time | endswith("Z"))' "$json"
	diff <(events "$json") - <<END
added device $WIDE
changed device $WIDE
added ioas first
mapped ioas first 0x100000
added hwpt
attached device $WIDE hwpt
bound device $WIDE hwpt 7 9
unbound device $WIDE hwpt 8 8
detached device $WIDE hwpt
unbound device $WIDE hwpt 7 7
unbound device $WIDE hwpt 9 9
removed hwpt
unmapped ioas first 0x100000
removed ioas first
removed device $WIDE
END
	(($(wc -l <"$rows") == $(wc -l <"$json") + 1))
	status 6 "$IOASIDCTL" context monitor test
}

# What ends with STATUS, and is waited for.
ends_with()
{
	local got=0

	wait "$2" || got=$?
	((got == $1))
}

@test "context monitor ends with a failure when the holder is killed, and by a signal" {
	local monitor end

	for end in killed signalled; do
		ctl context create test
		status 2 ctl context monitor test --since 1
		"$IOASIDCTL" context monitor test --since 0 >"$BATS_TEST_TMPDIR/$end" 3>&- &
		monitor=$!
		ctl ioas alloc >/dev/null
		eventually grep -q added "$BATS_TEST_TMPDIR/$end"
		if [[ $end == killed ]]; then
			kill -9 "$(holder_pid test)"
			ends_with 1 "$monitor"
		else
			kill -TERM "$monitor"
			ends_with 143 "$monitor"
			# Nobody misses it.
			ctl ioas alloc >/dev/null
		fi
		ctl context destroy test
	done
}

# busy TEXT: context test is busy with it.
busy()
{
	[[ $(ctl context list -j -o busy | jq -r '.[].busy.change') == "$1" ]]
}

# The thread of the holder that makes the kernel's calls.
worker()
{
	local pid

	pid=$(holder_pid test)
	find "/proc/$pid/task" -mindepth 1 -maxdepth 1 ! -name "$pid"
}

# Makes the kernel fail an allocation in the holder's calls, each time at another place, until a bind of
# 1-64 with the given options exits with STATUS; $output is then of that run.
bind_with_fault()
{
	local want=$1 site

	shift
	for site in failslab fail_page_alloc; do
		echo N >/sys/kernel/debug/$site/ignore-gfp-wait
	done
	for ((site = 50; site < 90; site++)); do
		echo "$site" >"$(worker)/fail-nth"
		run_both ctl pasid bind "$WIDE" 1-64 first "$@"
		echo 0 >"$(worker)/fail-nth"
		ended "$want" && return 0
		ended 0
		[[ $(hardware "$WIDE" | wc -l) == 64 ]]
		ctl pasid unbind "$WIDE" all
	done
	return 1
}

@test "a range that the kernel fails midway is rolled back" {
	context
	bind_with_fault 1
	says 'PASID '
	says 'none'
	[[ -z $(hardware "$WIDE") ]]
	[[ $(ctl context show test -nr -o pasid_count) == 0 ]]
	[[ $(ctl pasid bind "$WIDE" 1-64 first) == 1-64 ]]
}

@test "with --partial it is kept up to the failure and reported" {
	context
	bind_with_fault 7 --partial
	says 'bound in part'
	[[ -n $output ]]
	[[ $(hardware "$WIDE" | tail -n 1) == "${output#1-}" ]]
	(($(hardware "$WIDE" | wc -l) < 64))
	[[ $(ctl pasid list -nr -o pasid state=ok) == "$(hardware "$WIDE")" ]]
}

@test "a list with one impossible PASID is refused as a whole" {
	ctl context create test
	ctl device add "$NARROW" >/dev/null
	ctl ioas alloc --name a >/dev/null
	status 5 ctl pasid bind "$NARROW" 200-300 a
	says '8 bits'
	[[ -z $(hardware "$NARROW") ]]
}

@test "a PASID too large, zero, or in use is refused, each with its own message" {
	ctl context create test
	ctl device add "$NARROW" >/dev/null
	ctl ioas alloc --name a >/dev/null
	status 5 ctl pasid bind "$NARROW" 256 a
	says 'PASID 256 does not fit'
	says '8 bits'
	says 'hint: '
	status 2 ctl pasid bind "$NARROW" 0 a
	says "PASID 0 is the device's own requests"
	says 'hint: '
	status 2 ctl pasid unbind "$NARROW" 0
	says "PASID 0 is the device's own requests"
	status 2 ctl pasid show "$NARROW" 0
	says "PASID 0 is the device's own requests"
	ctl pasid bind "$NARROW" 255 a
	[[ $(hardware "$NARROW") == 255 ]]
	status 3 ctl pasid bind "$NARROW" 255 a
	says 'PASID 255'
	says 'is already bound to IOAS a'
	says 'hint: '
	status 6 ctl pasid unbind "$NARROW" 3
	says 'PASID 3 is not bound'
	says 'hint: '
	status 2 ctl pasid bind "$NARROW" 9-3 a
	status 2 ctl pasid bind "$NARROW" banana a
	says banana
	status 2 ctl pasid bind "$NARROW" 3 a --count 2
	status 2 ctl pasid bind "$NARROW" auto a --count 0
	status 2 ctl pasid bind "$NARROW" auto a --count 1048576
	says '1048576: is not a valid number of PASIDs: it must be 1 to 1048575'
	[[ $(hardware "$NARROW") == 255 ]]
}

@test "with --partial, PASIDs already bound are left out and named" {
	context
	ctl pasid bind "$WIDE" 42,45 first
	status 3 ctl pasid bind "$WIDE" 40-50 first
	status 7 ctl pasid bind --partial "$WIDE" 40-50 "$second"
	[[ $output == 40-41,43-44,46-50 ]]
	says 'PASID 42'
	says 'left out: 42,45'
	[[ $(hardware "$WIDE" | xargs) == "$(seq -s ' ' 40 50)" ]]
	[[ $(ctl pasid list -nr -o pasid "ioas=$second" | xargs) == '40 41 43 44 46 47 48 49 50' ]]
	status 3 ctl pasid bind --partial "$WIDE" 42-44 first
	status 0 ctl pasid bind --partial "$WIDE" 60-61 first
	[[ $output == 60-61 ]]
}

@test "a mapping in a reserved region of the device is reported when PASIDs are bound to it" {
	context
	ctl ioas map first 8K --iova 0xfee00000 >/dev/null
	status 1 ctl device attach "$WIDE" first
	status 0 ctl pasid bind "$WIDE" 7 first
	[[ $output == 7 ]]
	says 'first has a mapping at 0xfee00000, in a reserved region of the device (0xfee00000-0xfeefffff, msi)'
	status 0 ctl pasid bind "$WIDE" 8 "$second"
	[[ -z $stderr ]]
	[[ $(ctl ioas show -nr -o alignment first) == 4096 ]]
}

@test "a number of lowest free PASIDs: all bound, or none if there are not enough" {
	context
	ctl device add "$NARROW"
	ctl pasid bind "$NARROW" 2,5-255 first >/dev/null
	status 0 ctl pasid bind "$NARROW" auto first --count 2
	[[ $output == 1,3 ]]
	[[ $(hardware "$NARROW" | head -n 4 | xargs) == '1 2 3 5' ]]
	status 1 ctl pasid bind "$NARROW" auto "$second" --count 2
	says free
	[[ $(hardware "$NARROW" | grep -c .) == 254 ]]
	status 7 ctl pasid bind "$NARROW" auto "$second" --count 2 --partial
	[[ $output == 4 ]]
	[[ $(hardware "$NARROW" | grep -c .) == 255 ]]
}

@test "a device without PASIDs refuses any, although the kernel returns success" {
	ctl context create test
	ctl device add "$PLAIN" >/dev/null
	ctl ioas alloc --name a >/dev/null
	status 5 ctl pasid bind "$PLAIN" 1 a
	says "$PLAIN"
	says 'PASID'
	ctl device attach "$PLAIN" a
	[[ $(ctl context show test -j | jq -r '.device[0].ioas') == $(ctl ioas list -nr -o ioas) ]]
}

@test "a foreign IOAS and an unknown device are not found" {
	context
	status 6 ctl pasid bind "$WIDE" 1 nowhere
	says nowhere
	status 6 ctl pasid bind "$WIDE" 1 4711
	says 4711
	says 'hint: '
	ctl context create other
	ctl -c other ioas alloc --name theirs
	status 6 ctl pasid bind "$WIDE" 1 theirs
	says theirs
	status 6 ctl pasid bind "$WIDE" 1 "$(ctl -c other ioas alloc)00"
	status 6 ctl pasid bind 0000:ff:00.0 1 first
	says '0000:ff:00.0'
	status 6 ctl pasid bind "$NARROW" 1 first
	says "$NARROW"
	status 6 ctl -c elsewhere pasid bind "$WIDE" 1 first
	says elsewhere
}

@test "a device that is already in the context is not added again" {
	context
	status 1 ctl device add "$WIDE"
	says 'already'
	says 'hint: '
}

@test "more memory than the machine has is refused, and the context lives on" {
	context
	ctl pasid bind "$WIDE" 7 first
	status 1 ctl ioas map first 100G
	says 'can be, limited by'
	[[ $(hardware "$WIDE") == 7 ]]
	status 1 ctl ioas map "$second" 100G
	ctl ioas map first 2M
}

@test "moving one attached device of a group moves the others along" {
	local device

	ctl context create test
	ctl ioas alloc --name a >/dev/null
	ctl ioas alloc --name b >/dev/null
	for device in 0000:03:01.0 0000:03:02.0; do
		ctl driver set "$device" vfio-pci
	done
	for device in 0000:03:01.0 0000:03:02.0; do
		ctl device add "$device" >/dev/null
	done
	ctl device attach 0000:03:01.0 a
	status 3 ctl device attach 0000:03:02.0 b
	says '0000:03:01.0 of the same IOMMU group is attached to IOAS a'
	says '--replace'
	ctl device attach 0000:03:02.0 a
	status 3 ctl device attach 0000:03:02.0 b
	ctl device attach --replace 0000:03:02.0 b
	# The kernel allows freeing the IOAS that nothing is attached to, and no other.
	ctl ioas free a
	[[ $(ctl context show -j test | jq -c '[.device[].ioas] == [.ioas[0].ioas, .ioas[0].ioas]') == true ]]
	ctl context destroy test
	for device in 0000:03:01.0 0000:03:02.0; do
		ctl driver reset "$device"
	done
}

@test "a device of a mixed group: the member that blocks it is named" {
	ctl driver set 0000:03:01.0 vfio-pci
	ctl context create test
	status 5 ctl device add 0000:03:01.0
	says '0000:03:02.0'
	says e1000
	ctl driver reset 0000:03:01.0
}

@test "a device of a group in use is not bound to a kernel driver: the user is named" {
	ctl driver set 0000:03:01.0 0000:03:02.0 vfio-pci
	ctl context create test
	ctl device add 0000:03:01.0
	status 1 ctl driver reset 0000:03:02.0
	says "pid $(holder_pid test)"
	says 'of 0000:03:01.0 open'
	says '03:02.0: everything was put back: driver vfio-pci'
	[[ $(readlink -f /sys/bus/pci/devices/0000:03:02.0/driver) == */vfio-pci ]]
	ctl context destroy test
	ctl driver reset 0000:03:01.0 0000:03:02.0
	[[ $(readlink -f /sys/bus/pci/devices/0000:03:02.0/driver) == */e1000 ]]
}

@test "a device held by another process: the message names it" {
	context
	ctl context create other
	status 1 ctl -c other device add "$WIDE"
	says "$WIDE"
	says "pid $(holder_pid test)"
}

# The kernel does not say why it refuses: firmware that demands such a region is a reason that can be seen.
@test "a device that is refused, and has direct regions: the message says how to see them" {
	local group regions

	context
	ctl context create other
	status 1 ctl -c other device add "$WIDE"
	[[ $stderr != *'direct regions'* ]]
	group=$(ctl device show "$WIDE" -nro group)
	regions=/sys/kernel/iommu_groups/$group/reserved_regions
	echo '0x0000000027b00000 0x00000000286fffff direct' >"$BATS_TEST_TMPDIR/regions"
	mount --bind "$BATS_TEST_TMPDIR/regions" "$regions"
	# Whatever it says, the mount is not to stay.
	ctl -c other device add "$WIDE" 2>"$BATS_TEST_TMPDIR/errors" || true
	umount "$regions"
	grep -Fx "hint: the firmware demands direct regions for IOMMU group $group, for which the kernel refuses it: 'ioasidctl group why $group' shows them" "$BATS_TEST_TMPDIR/errors"
}

@test "a device with its own driver is not taken: the message says how to change that" {
	ctl context create test
	status 1 ctl device add "$NIC"
	says "$NIC"
	says 'driver set'
}

@test "the RID and PASIDs live side by side, in either order" {
	context
	ctl pasid bind "$WIDE" 5 first
	ctl device attach "$WIDE" "$second"
	[[ $(hardware "$WIDE") == 5 ]]
	ctl device detach "$WIDE"
	[[ $(hardware "$WIDE") == 5 ]]
	ctl pasid unbind "$WIDE" all
	ctl device attach "$WIDE" first
	ctl pasid bind "$WIDE" 6 "$second"
	[[ $(hardware "$WIDE") == 6 ]]
}

@test "mappings reach the page table, and refusals have distinct messages" {
	local iova

	context
	ctl pasid bind "$WIDE" 9 first
	iova=$(ctl ioas map first 2M --iova 0x40000000)
	[[ $iova == 0x40000000 ]]
	grep -qi 40000 /sys/kernel/debug/iommu/intel/"$WIDE"/9/domain_translation_struct
	[[ $(ctl ioas show first -j | jq -r '.mapping[0].iova') == 0x40000000 ]]
	status 1 ctl ioas map first 4K --iova 0x40000000
	# Reserved regions only apply to the RID.
	ctl device attach "$WIDE" first
	status 1 ctl ioas map first 4K --iova 0xfee00000
	status 2 ctl ioas map first 5
	status 6 ctl ioas unmap first 0x1000
	ctl ioas unmap first 0x40000000
	[[ $(ctl ioas show first -j | jq '.mapping | length') == 0 ]]
	ctl ioas map first 64K --read >/dev/null
	[[ $(ctl ioas show first -j | jq -r '.mapping[0].access') == r ]]
	ctl ioas unmap first --all
}

@test "an IOAS in use is not freed, nor a device with PASIDs removed" {
	context
	ctl pasid bind "$WIDE" 5 first
	status 3 ctl ioas free first
	status 3 ctl device remove "$WIDE"
	[[ $(hardware "$WIDE") == 5 ]]
	ctl device remove "$WIDE" --force
	[[ -z $(hardware "$WIDE") ]]
	ctl ioas free first
	[[ $(ctl ioas list -nr -o ioas) == "$second" ]]
}

# unsaid WORDS COMMAND...: the command makes its change, reports that if its output cannot be
# written, and exits with 7.
unsaid()
{
	local want=$1

	shift
	status 7 "$@"
	[[ $stderr == "ioasidctl: cannot write to standard output: "*$'\n'"ioasidctl: note: done all the same: $want" ]] ||
		{ echo "$stderr"; return 1; }
}

full()
{
	"$IOASIDCTL" "$@" >/dev/full
}

closed()
{
	"$IOASIDCTL" "$@" >&-
}

# The reader closes the pipe before anything is written.
left()
{
	# shellcheck disable=SC2016 # perl expands it
	perl -e 'pipe(my $r, my $w); close $r; open(STDOUT, ">&", $w); close $w; exec @ARGV' "$IOASIDCTL" "$@"
}

@test "a change is reported as made even if its output cannot be written" {
	unsaid 'context test is created' full context create test
	[[ $(ctl context list -nr -o context,state) == 'test live' ]]
	unsaid "$WIDE is in context test" closed device add "$WIDE"
	unsaid 'IOAS 2 is allocated' left ioas alloc first
	unsaid '4096 bytes are mapped at 0x10000' full ioas map first 4K --iova 0x10000
	unsaid "PASID 900 of $WIDE is bound" closed pasid bind "$WIDE" 900 first
	unsaid "PASID 901-903 of $WIDE is bound" full pasid bind "$WIDE" 901-903 first -j
	unsaid "PASID 904 of $WIDE is bound" left pasid bind "$WIDE" 904 first
	[[ $(hardware "$WIDE" | xargs) == '900 901 902 903 904' ]]
	[[ $(ctl ioas show first -j | jq -c '[.name, .mapping[0].iova]') == '["first","0x10000"]' ]]
	# Nothing was changed here.
	status 3 closed pasid bind "$WIDE" 900 first
	status 1 full pasid bind "$WIDE" 5 first --dry-run
	[[ $stderr == 'ioasidctl: cannot write to standard output: No space left on device' ]]
	[[ $(hardware "$WIDE" | wc -l) == 5 ]]
	# Nothing had to be printed.
	status 0 closed pasid unbind "$WIDE" 900
	status 0 closed context destroy test
	[[ -z $stderr$(hardware "$WIDE") ]]
}

@test "a created object is printed as its number only, or as a JSON object" {
	status 0 ctl context create test -j
	[[ $(jq -c . <<<"$output") == "{\"context\":\"test\",\"pid\":$(holder_pid test)}" ]]
	[[ $(ctl device add "$WIDE" -j | jq -c .) == "{\"context\":\"test\",\"device\":\"$WIDE\",\"id\":1}" ]]
	[[ $(ctl device add "$NARROW" --unbound -j | jq -c .) == "{\"context\":\"test\",\"device\":\"$NARROW\",\"id\":null}" ]]
	[[ $(ctl ioas alloc red -j | jq -c .) == '{"context":"test","ioas":2,"name":"red"}' ]]
	[[ $(ctl ioas alloc -j | jq -c .) == '{"context":"test","ioas":3,"name":null}' ]]
	[[ $(ctl ioas map red 8K --iova 0x20000 -j | jq -c .) == '{"context":"test","iova":"0x20000","size":8192}' ]]
	[[ $(ctl pasid bind "$WIDE" 42,100-103 red -j | jq -c 'del(.hwpt)') == \
		"{\"context\":\"test\",\"device\":\"$WIDE\",\"pasid\":[{\"lo\":42,\"hi\":42},{\"lo\":100,\"hi\":103}],\"ioas\":2}" ]]
	[[ $(ctl pasid bind "$WIDE" auto red -j | jq -c '[.pasid, (.hwpt | type)]') == '[[{"lo":1,"hi":1}],"number"]' ]]
	ctl device attach "$WIDE" red
	[[ $(ctl ioas show red -j | jq -c '.user[]') == \
"{\"kind\":\"device\",\"id\":1,\"name\":null,\"device\":\"$WIDE\",\"lo\":null,\"hi\":null}
{\"kind\":\"pasid\",\"id\":null,\"name\":null,\"device\":\"$WIDE\",\"lo\":1,\"hi\":1}
{\"kind\":\"pasid\",\"id\":null,\"name\":null,\"device\":\"$WIDE\",\"lo\":42,\"hi\":42}
{\"kind\":\"pasid\",\"id\":null,\"name\":null,\"device\":\"$WIDE\",\"lo\":100,\"hi\":103}" ]]
	[[ $(ctl ioas show 3 -j | jq -c .user) == '[]' ]]
}

@test "a message names an object once, as typed, and a hint is ready to be typed" {
	context
	status 6 ctl pasid bind "${NARROW#0000:}" 1 first
	[[ $stderr == "ioasidctl: ${NARROW#0000:}: the device is not in the context
hint: 'ioasidctl device add ${NARROW#0000:}' adds it" ]]
	ctl pasid bind "$WIDE" 42 first
	status 3 ctl pasid bind "${WIDE#0000:}" 42 first
	[[ $stderr == "ioasidctl: PASID 42 of $WIDE is already bound to IOAS first
hint: "* ]]
	status 1 ctl device add "${NIC#0000:}"
	[[ $stderr == "ioasidctl: ${NIC#0000:}: the device has no VFIO cdev
hint: 'ioasidctl driver set ${NIC#0000:} vfio-pci' gives "* ]]
	status 2 ctl ioas map first 100
	[[ $stderr == 'ioasidctl: 100: it is not a multiple of the page size, 4096' ]]
	status 2 ctl ioas map first 4K --iova 0x64
	[[ $stderr == 'ioasidctl: 0x64: it is not a multiple of the page size, 4096' ]]
	status 1 ctl ioas map first 16G
	[[ $stderr == 'ioasidctl: too much memory to pin: 16G in all, and '[0-9]*'M can be, limited by the memory of the machine' ]]
	status 6 ctl ioas unmap first 0x1000
	[[ $stderr == 'ioasidctl: IOAS first has no mapping at 0x1000'$'\n'hint:* ]]
	status 6 ctl ioas show red
	[[ $stderr == 'ioasidctl: there is no IOAS red in the context'$'\n'hint:* ]]
	status 6 ctl pasid translate "$WIDE" 42
	says "hint: 42 was read as an address; for addresses of a PASID: ioasidctl pasid translate DEVICE PASID IOVA"
}

@test "a context with a live holder is not created again" {
	context
	status 1 ctl context create test
	says test
	status 2 ctl context create 9lives
	status 2 ctl context create ../evil
}

@test "context exec hands over the fds, named" {
	context
	# shellcheck disable=SC2016 # the inner shell expands it
	run ctl context exec test -- sh -c \
		'echo "$LISTEN_FDS $LISTEN_FDNAMES $IOASIDCTL_CONTEXT"; [ "$LISTEN_PID" = $$ ]; readlink /proc/self/fd/3 /proc/self/fd/4'
	[[ $status == 0 ]]
	[[ ${lines[0]} == '2 iommufd:0000-00-10.0 test' ]]
	# The caller's variables about its own descriptors are not passed on.
	[[ $(LISTEN_PIDFDID=7 LISTEN_X=y ctl context exec test -- env | grep -c '^LISTEN_') == 3 ]]
	[[ ${lines[1]} == /dev/iommu ]]
	[[ ${lines[2]} == /dev/vfio/devices/vfio* ]]
	status 6 ctl context exec test -- /nowhere
	status 42 ctl context exec test -- sh -c 'exit 42'
}

@test "context destroy is refused while a process with its descriptors lives, unless --force" {
	local one other

	context
	ctl pasid bind "$WIDE" 9 first >/dev/null
	sleep_in test
	one=$!
	sleep_in test
	other=$!
	eventually grep -q sleep "/proc/$one/comm"
	eventually grep -q sleep "/proc/$other/comm"
	status 3 ctl context destroy test
	says 'its descriptors were given to processes that have not ended (2): '
	says "$one ('sleep')"
	says "$other ('sleep')"
	says --force
	status 3 ctl context destroy --dry-run test
	status 0 ctl context destroy --dry-run --force test
	[[ $(hardware "$WIDE") == 9 ]]
	kill "$one"
	wait "$one" || true
	status 3 ctl context destroy test
	says 'its descriptors were given to processes that have not ended (1): '
	kill "$other"
	wait "$other" || true
	status 0 ctl context destroy test
	[[ -z $(hardware "$WIDE") ]]
	# --force does not check.
	ctl context create test
	sleep_in test
	one=$!
	eventually grep -q sleep "/proc/$one/comm"
	status 0 ctl context destroy --force test
}

@test "SVA: a process that opened a UIO device owns its PASID, next to those of contexts" {
	local row

	context
	ctl pasid bind "$WIDE" 77 first
	ctl driver set "$NARROW" uio_pci_sva
	exec 9<>"/dev/$(ls "/sys/bus/pci/devices/$NARROW/uio")"
	row=$(ctl pasid list -j "device=$NARROW")
	[[ $(jq -r '.[0].kind' <<<"$row") == sva ]]
	[[ $(jq -r '.[0].pid' <<<"$row") == "$BASHPID" || $(jq -r '.[0].pid' <<<"$row") == "$$" ]]
	[[ $(jq -r '.[0].state' <<<"$row") == ok ]]
	[[ $(jq -r '.[0].pasid' <<<"$row") == "$(hardware "$NARROW")" ]]
	[[ $(ctl pasid list -nr -o kind "device=$WIDE") == ioas ]]
	exec 9>&-
	[[ $(ctl pasid list -j "device=$NARROW") == '[]' ]]
	ctl driver set "$NARROW" vfio-pci
}

@test "pages of a context's IOASes: the mappings, for PASIDs and for the device's own requests" {
	local row

	context
	ctl ioas map first 64K --iova 0x40000000
	ctl ioas map first 4K --iova 0x40010000 --read
	ctl ioas map "$second" 8K --iova 0x50000000
	ctl device attach "$WIDE" "$second"
	ctl pasid bind "$WIDE" 42 first
	[[ $(ctl pasid map "$WIDE" 42 -nro iova,size,access,page) == \
		$'0x40000000 65536 rw 4096\n0x40010000 4096 r 4096' ]]
	[[ $(ctl pasid map "$WIDE" -nro iova,size,access) == '0x50000000 8192 rw' ]]
	status 0 ctl pasid translate "$WIDE" 42 0x40000000 0x40000fff 0x40010abc -j
	[[ $(jq -c '[.[] | .state, .access]' <<<"$output") == '["mapped","rw","mapped","rw","mapped","r"]' ]]
	row=$(jq -r '.[0].walk[-1].entry' <<<"$output")
	# The kernel's own dump has the same entry at that page.
	grep -i "^0x0*40000 |.*0x0*${row#0x}\$" \
		/sys/kernel/debug/iommu/intel/"$WIDE"/2a/domain_translation_struct
	status 6 ctl pasid translate "$WIDE" 0x40000000
	status 0 ctl pasid translate "$WIDE" 0x50001fff
	status 7 ctl pasid translate "$WIDE" 42 0x40010fff 0x40011000 -nro state
	ctl ioas unmap first 0x40000000
	status 6 ctl pasid translate "$WIDE" 42 0x40000000
	[[ $(ctl pasid map "$WIDE" 42 -nro iova) == 0x40010000 ]]
	ctl pasid unbind "$WIDE" 42
	status 6 ctl pasid map "$WIDE" 42
	says 'PASID 42 is not bound'
}

@test "pages that cannot be seen: a process's, without privilege, without debugfs" {
	context
	ctl pasid bind "$WIDE" 42 first
	ctl driver set "$NARROW" uio_pci_sva
	exec 9<>"/dev/$(ls "/sys/bus/pci/devices/$NARROW/uio")"
	status 5 ctl pasid map "$NARROW" "$(hardware "$NARROW")"
	says "a process's own page table"
	exec 9>&-
	ctl driver set "$NARROW" vfio-pci
	status 4 user ioasidctl pasid map "$WIDE" 42
	says 'hint: only root may read debugfs'
	status 5 unshare -m sh -c \
		"mount -t tmpfs none /sys/kernel/debug && '$IOASIDCTL' pasid map $WIDE 42"
	says 'this kernel has no dump'
	says 'mount -t debugfs'
	status 0 ctl pasid map "$WIDE" 42 -j
	[[ $output == '[]' ]]
}

@test "a PASID in the hardware but in no record is marked as such" {
	context
	ctl pasid bind "$WIDE" 77 first
	# With another /run, this one's holders are not visible.
	status 0 unshare -m sh -c "mount -t tmpfs none /run && '$IOASIDCTL' pasid list -nr -o pasid,state"
	[[ $output == '77 not-recorded' ]]
}

@test "system check: ready for passthrough and PASIDs" {
	# Nothing uses the devices with PASIDs, so they may sleep, and can only be read after
	# waking.
	judged 0 ok '@(ok|unknown)' broken
	status 0 ctl system check --wake passthrough pasid -j
	[[ -z $stderr ]]
	equal_words "$(found ready)" 'ok ok'
	# The lab's kernel does not require the capability.
	status 5 ctl system check sva
	says 'sva: not ready: iommu-page-walk'
	status 0 user ioasidctl system check pasid -j
	equal_words "$(found pasid-devices)" unknown
}

@test "system check: a user needs nodes he may open, and memory he may pin" {
	local cdev

	cdev=/dev/vfio/devices/$(ctl device show "$WIDE" -nro vfio_cdev)
	# Everyone may open /dev/vfio/vfio, which is not enough.
	[[ $(stat -c %a /dev/vfio/vfio) == 666 ]]
	status 4 ctl system check unprivileged
	says 'unprivileged: not ready: node-access: '
	says 'only root may open it'
	status 4 user ioasidctl system check unprivileged
	says 'you may not open it'
	chown 1000 /dev/iommu
	status 4 user ioasidctl system check unprivileged
	chown 1000 "$cdev"
	status 0 user ioasidctl system check unprivileged -j
	[[ $(found memlock) == warning ]]
	[[ -z $(found node-access | grep blocked) ]]
	jq -e 'any(.[]; .check == "vfio-devices" and (.seen | startswith("1 of ")))' <<<"$output"
	[[ $(jq -r '.[] | select(.check == "ready").result' <<<"$output") == warning ]]
	user bash -c "exec 8<>/dev/iommu 9<>$cdev"
	status 0 ctl system check unprivileged
	status 5 user bash -c 'ulimit -l 0 && exec ioasidctl system check unprivileged'
	says 'unprivileged: not ready: memlock: only 0 KiB of '
	(
		ulimit -l unlimited
		status 0 user ioasidctl system check unprivileged -j
		[[ $(jq -r '.[] | select(.check == "ready").result' <<<"$output") == ok ]]
	)
	chown root /dev/iommu "$cdev"
}

@test "an ordinary user sees what was bound, and is told what cannot be seen" {
	context
	ctl pasid bind "$WIDE" 77 first
	status 0 user ioasidctl group list
	[[ -n $output ]]
	status 0 user ioasidctl device show "$WIDE" -j
	[[ $(jq -r '.unreadable.pasid_width' <<<"$output") == 'Permission denied' ]]
	# Rows from the IOMMU's table are missing.
	status 7 user ioasidctl pasid list
	says 'Permission denied'
	status 4 user env XDG_RUNTIME_DIR=/tmp ioasidctl context create mine
	for noun in device driver iommu context ioas system; do
		status 0 user env -u IOASIDCTL_CONTEXT ioasidctl "$noun" -j
		jq -e . >/dev/null <<<"$output"
	done
	status 7 user env XDG_RUNTIME_DIR=/tmp ioasidctl pasid list -j
	jq -e . <<<"$output"
	[[ $(hardware "$WIDE") == 77 ]]
}

@test "another user's context is neither readable nor usable" {
	context
	ctl pasid bind "$WIDE" 77 first
	chmod 666 /run/ioasidctl/test.sock
	# shellcheck disable=SC2016 # perl expands it
	run user perl -MIO::Socket::UNIX -e '
		$SIG{PIPE} = "IGNORE";
		my $s = IO::Socket::UNIX->new(Peer => "/run/ioasidctl/test.sock") or die;
		print $s qq({"method":"org.ioasidctl.Context.Describe"}\0);
		$s->flush;
		sysread($s, my $reply, 65536);
		print $reply;'
	[[ $status == 0 ]]
	[[ $output == *PermissionDenied* && $output != *iommufd* ]]
	for name in 0:test root/test; do
		status 4 user ioasidctl context show $name
		status 4 user ioasidctl -c $name pasid bind "$WIDE" 1 first
		status 4 user ioasidctl context exec $name -- true
		status 4 user ioasidctl context destroy $name
	done
	# Without the owner it means one of the user's own contexts.
	status 6 at_home ioasidctl context show test
	[[ $stderr == $'ioasidctl: there is no context test\nhint: root has a context of that name, which only root may use' ]]
	status 6 user ioasidctl context destroy test
	[[ $(hardware "$WIDE") == 77 ]]
	chmod 600 /run/ioasidctl/test.sock
	status 4 user ioasidctl context show 0:test
	[[ $stderr == $'ioasidctl: no permission to use context 0:test\nhint: only its own user and root may use a context' ]]
	ctl context show test >/dev/null
}

contexts()
{
	ctl context list -nr -o context,state
}

@test "root's names are root's own: a user's context of that name is neither used nor destroyed" {
	local pid

	echo alice:x:1000:1000::: >>/etc/passwd
	chown 1000 /dev/iommu
	at_home ioasidctl context create test
	chown root /dev/iommu
	ctl context create test
	kill -9 "$(holder_pid test)"
	gone_stale() { [[ $(contexts) == $'test stale\n1000:test live' ]]; }
	eventually gone_stale
	pid=$(holder_pid 1000:test)
	status 6 ctl -c test ioas alloc
	[[ $stderr == 'ioasidctl: the holder of context test is dead, and everything in it is gone'$'\n'hint:* ]]
	status 6 ctl context exec test -- touch "$BATS_TEST_TMPDIR/ran"
	status 0 ctl context destroy test
	[[ $output$stderr == '' && ! -e /run/ioasidctl/test.sock && $(contexts) == '1000:test live' ]]
	for command in 'context show' 'context destroy' '-c test ioas alloc' 'ioas alloc' 'context exec test -- touch /tmp/ran'; do
		# shellcheck disable=SC2086	# words
		[[ $command == context\ [sd]* ]] && command+=' test'
		# shellcheck disable=SC2086	# words
		status 6 ctl $command
		[[ $stderr == $'ioasidctl: there is no context test\nhint: another user has a context of that name: 1000:test' ]]
	done
	[[ ! -e /tmp/ran && $(holder_pid 1000:test) == "$pid" ]]
	# With its owner's name root can use it, and each sees it under the right name.
	[[ $(ctl -c 1000:test ioas alloc) =~ ^[0-9]+$ ]]
	ctl -c alice/test ioas alloc --name hers
	[[ $(ctl ioas list -nr -o context,name) == $'1000:test \n1000:test hers' ]]
	[[ $(at_home ioasidctl ioas list -nr -o context,name) == $'test \ntest hers' ]]
	[[ $(at_home ioasidctl context show 1000:test -j | jq -r .context) == test ]]
	# With contexts of both under one name, each gets its own.
	ctl context create test
	ctl -c test ioas alloc --name roots
	[[ $(ctl ioas list -nr -o context,name | grep .s\$ | xargs) == 'test roots 1000:test hers' ]]
	[[ $(ctl ioas list -nr -o name -c 0:test) == roots && $(ctl ioas list -nr -o name -c alice/test | xargs) == hers ]]
	ctl context destroy test
	[[ $(contexts) == '1000:test live' ]]
	# shellcheck disable=SC2016 # the inner shell expands it
	status 0 ctl context exec 1000:test -- sh -c 'readlink /proc/self/fd/3; id -u; echo "$IOASIDCTL_CONTEXT"'
	[[ $output == $'/dev/iommu\n0\n1000:test' ]]
	status 6 ctl -c 1001:test ioas alloc
	[[ $stderr == 'ioasidctl: there is no context 1001:test' ]]
	status 6 ctl -c nobody-such/test ioas alloc
	[[ $stderr == 'ioasidctl: nobody-such/test: there is no user nobody-such' ]]
	ctl context destroy 1000:test
	[[ -z $(contexts) && ! -e /proc/$pid ]]
}

# impostor FILE...: a program of the user's in place of the holder of 1000:test.
impostor()
{
	install -m 755 "${IOASIDCTL%/*}/tests/lab/suites/impostor" /tmp/impostor
	at_home mkdir -p /run/user/1000/ioasidctl
	at_home timeout 60 /tmp/impostor /run/user/1000/ioasidctl/test.sock "$@" 3>&- &
	is_there() { [[ $(contexts) == '1000:test live' ]]; }
	eventually is_there
}

# Ends it before the next one takes its place.
expose()
{
	kill "$(holder_pid 1000:test)"
	is_dead() { [[ $(contexts) == '1000:test stale' ]]; }
	eventually is_dead
}

@test "a user's program in place of a holder: its output is attributed to it, and nothing runs on its fds" {
	local cdev files foreign="the holder of context 1000:test passed something that is not"

	impostor /dev/null
	status 0 ctl context list
	# It is not asked by name only, and its reply is not attributed to anyone else.
	status 6 ctl ioas free 3
	status 1 ctl -c 1000:test ioas free 3
	[[ $stderr == 'ioasidctl: 3: the holder of 1000:test says: \x1b[31mioasidctl: all is well: Device or resource busy' ]]
	status 1 ctl -c 1000:test pasid bind "$NARROW" 5 x
	[[ -z $output && $stderr != *hint:* ]]
	expose
	cdev=/dev/vfio/devices/$(ctl device show "$NARROW" -nro vfio_cdev)
	chown 1000 /dev/iommu "$cdev"
	for files in /dev/null '/dev/null /dev/zero' /dev/zero "$cdev" "/dev/vfio/vfio"; do
		# shellcheck disable=SC2086	# words
		impostor $files
		status 1 ctl context exec 1000:test -- touch "$BATS_TEST_TMPDIR/ran"
		[[ $stderr == "ioasidctl: $foreign an open /dev/iommu" ]]
		expose
	done
	# It claims that its first device is WIDE.
	for files in /dev/null /dev/iommu "$cdev"; do
		impostor /dev/iommu "$files"
		status 1 ctl context exec 1000:test -- touch "$BATS_TEST_TMPDIR/ran"
		[[ $stderr == "ioasidctl: $foreign the open VFIO device $WIDE" ]]
		expose
	done
	[[ ! -e $BATS_TEST_TMPDIR/ran ]]
	# Fds that are what their names say are handed over: NARROW, the second.
	chown 1000 "/dev/vfio/devices/$(ctl device show "$WIDE" -nro vfio_cdev)"
	impostor /dev/iommu "/dev/vfio/devices/$(ctl device show "$WIDE" -nro vfio_cdev)" "$cdev"
	status 0 ctl context exec 1000:test -- readlink /proc/self/fd/5
	[[ $output == "$cdev" ]]
	expose
	chown root /dev/iommu /dev/vfio/devices/*
}

@test "a user's program in place of a holder talks without end: a capture has the other contexts all the same" {
	local python='
import json, os, socket, sys
os.setgid(1000)
os.setuid(1000)
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
ioases = [{"id": n, "name": None, "mapped": 0, "mapping_count": 0, "user_count": 0} for n in range(1, 9)]
answers = {
    "GetInfo": {"interfaces": ["org.ioasidctl.Context"]},
    "Describe": {"name": "x", "pid": 1, "uid": 0, "created": 5, "iommufd": True, "device": [], "ioas": ioases, "hwpt": []},
    "ListBindings": {"binding": []},
    "ShowIoas": {"ioas": "x" * 2000000},
}
while True:
    connection = listener.accept()[0]
    try:
        while call := connection.recv(65536):
            method = json.loads(call[:-1])["method"].split(".")[-1]
            answer = {"parameters": answers[method], "continues": sys.argv[2] == method}
            connection.sendall(json.dumps(answer).encode() + b"\0")
            while sys.argv[2] == method:
                answer["parameters"]["x"] = "x" * 1000000
                connection.sendall(json.dumps(answer).encode() + b"\0")
    except (OSError, ValueError):
        pass
'
	local way socket=/run/user/1000/ioasidctl/endless.sock

	context
	at_home mkdir -p "${socket%/*}"
	for way in ListBindings -; do
		rm -f "$socket"
		python3 -c "$python" "$socket" "$way" 3>&- &
		sleepers+=($!)
		is_there() { [[ $(contexts) == *'1000:endless live'* ]]; }
		eventually is_there
		status 0 ctl system capture --force "$BATS_TEST_TMPDIR/machine"
		status 0 ctl --sysroot "$BATS_TEST_TMPDIR/machine" context list -j
		[[ $(jq -c 'map([.context, .ioas_count, .unreadable.pid])' <<<"$output") == \
			'[["test",2,null],["1000:endless",null,"Message too long"]]' ]]
	done
}

@test "the holder keeps only the privileges it needs" {
	local pid

	context
	pid=$(holder_pid test)
	[[ $(awk '/^NoNewPrivs/ { print $2 }' /proc/"$pid"/status) == 1 ]]
	# Only CAP_IPC_LOCK.
	[[ $(awk '/^CapEff/ { print $2 }' /proc/"$pid"/status) == 0000000000004000 ]]
	[[ $(readlink /proc/"$pid"/cwd) == / ]]
	[[ $(stat -c %a /run/ioasidctl/test.sock) == 600 ]]
}

@test "a hostile client harms nothing" {
	# A sanitizer keeps freed memory for a while.
	ASAN_OPTIONS+=:quarantine_size_mb=1:thread_local_quarantine_size_kb=64:allocator_release_to_os_interval_ms=100
	export ASAN_OPTIONS
	context
	"$BATS_TEST_DIRNAME/hostile" /run/ioasidctl/test.sock
	[[ $(ctl context list -nr -o context,state) == 'test live' ]]
	status 0 ctl context exec test -- true
	# In kB: what was sent has been freed.
	(($(awk '/VmRSS/ { print $2 }' "/proc/$(holder_pid test)/status") < 40000))
	ctl pasid bind "$WIDE" 5 first
	[[ $(hardware "$WIDE") == 5 ]]
}

@test "varlinkctl talks to the holder" {
	local lib=$LAB_TOOLS/usr/lib/x86_64-linux-gnu varlinkctl

	varlinkctl=("$LAB_TOOLS/usr/lib64/ld-linux-x86-64.so.2" --library-path "$lib:$lib/systemd"
		"$LAB_TOOLS/usr/bin/varlinkctl")
	context
	run "${varlinkctl[@]}" info /run/ioasidctl/test.sock
	[[ $output == *org.ioasidctl.Context* ]]
	run "${varlinkctl[@]}" introspect /run/ioasidctl/test.sock org.ioasidctl.Context
	[[ $output == *BindPasids* ]]
	run "${varlinkctl[@]}" call -j /run/ioasidctl/test.sock org.ioasidctl.Context.Describe '{}'
	[[ $(jq -r .name <<<"$output") == test || $(jq -r .context.name <<<"$output") == test ]]
}

@test "driver set refuses a device in use, and says what would be lost" {
	local net

	net=$(ls /sys/bus/pci/devices/"$NIC"/net)
	ip link set "$net" up
	status 3 ctl driver set "$NIC" vfio-pci
	says "$net"
	says "ip link set dev $net down"
	[[ $(readlink -f /sys/bus/pci/devices/"$NIC"/driver) == */e1000e ]]
	status 3 ctl driver set "$net" vfio-pci
	ip link set "$net" down
	status 3 ctl driver set 00:08.0 vfio-pci
	says 'bridge'
	mkswap /dev/nvme0n1 >/dev/null
	swapon /dev/nvme0n1
	status 3 ctl driver set nvme0n1 vfio-pci
	says swap
	swapoff /dev/nvme0n1
	mkfs.ext4 -q /dev/nvme0n1
	mkdir -p "$BATS_TEST_TMPDIR/mnt"
	mount /dev/nvme0n1 "$BATS_TEST_TMPDIR/mnt"
	status 3 ctl driver set "$DISK" vfio-pci
	says "$BATS_TEST_TMPDIR/mnt"
	umount "$BATS_TEST_TMPDIR/mnt"
	losetup /dev/loop0 /dev/nvme0n1
	mount /dev/loop0 "$BATS_TEST_TMPDIR/mnt"
	status 3 ctl driver set "$DISK" vfio-pci
	says loop0
	umount "$BATS_TEST_TMPDIR/mnt"
	losetup -d /dev/loop0
	[[ $(readlink -f /sys/bus/pci/devices/"$DISK"/driver) == */nvme ]]
}

@test "driver set and reset change the driver and back; a failure is undone" {
	local net

	net=$(ls /sys/bus/pci/devices/"$NIC"/net)
	ip link set "$net" down
	status 0 ctl driver set "$NIC" vfio-pci --dry-run
	[[ $output == *driver_override* && $output == *unbind* ]]
	[[ $(readlink -f /sys/bus/pci/devices/"$NIC"/driver) == */e1000e ]]
	ctl driver set "$NIC" vfio-pci
	[[ $(readlink -f /sys/bus/pci/devices/"$NIC"/driver) == */vfio-pci ]]
	ctl driver reset "$NIC"
	[[ $(readlink -f /sys/bus/pci/devices/"$NIC"/driver) == */e1000e ]]
	[[ $(cat /sys/bus/pci/devices/"$NIC"/driver_override) == '(null)' ]]
	status 6 ctl driver set "$NIC" no-such-driver
	# nvme's probe fails on a NIC: it has no such registers.
	status 1 ctl driver set "$NIC" nvme --force=driver-match
	[[ $(readlink -f /sys/bus/pci/devices/"$NIC"/driver) == */e1000e ]]
	[[ $(cat /sys/bus/pci/devices/"$NIC"/driver_override) == '(null)' ]]
}

# e1000e trusts its ID table to know the device; without an entry, its probe would crash the kernel.
@test "driver set refuses a driver that does not support the device" {
	status 3 ctl driver set "$WIDE" e1000e
	says 'e1000e is not made for this device, and could bring the machine down'
	says "to let the kernel choose its driver: ioasidctl driver reset $WIDE"
	[[ $(cat /sys/bus/pci/devices/"$WIDE"/driver_override) == vfio-pci ]]
	status 3 ctl driver set "$NIC" nvme
	says 'drivers made for it: e1000e'
	[[ $(readlink -f /sys/bus/pci/devices/"$NIC"/driver) == */e1000e ]]
	ctl driver set --list-drivers "$NIC" >"$BATS_TEST_TMPDIR/drivers"
	equal_words "$(<"$BATS_TEST_TMPDIR/drivers")" 'e1000e uio_pci_generic uio_pci_sva vfio-pci'
	# Its own driver needs no force.
	ctl driver set "$NIC" vfio-pci
	ctl driver set "$NIC" e1000e
	[[ $(readlink -f /sys/bus/pci/devices/"$NIC"/driver) == */e1000e ]]
	ctl driver reset "$NIC"
	[[ $(cat /sys/bus/pci/devices/"$NIC"/driver_override) == '(null)' ]]
}

@test "driver set takes several devices, all or none" {
	local net

	net=$(ls /sys/bus/pci/devices/"$NIC"/net)
	ip link set "$net" up
	status 3 ctl driver set "$DISK" "$NIC" vfio-pci
	says "$net is up"
	[[ $(readlink -f /sys/bus/pci/devices/"$DISK"/driver) == */nvme ]]
	ip link set "$net" down
	ctl driver set "$DISK" "$NIC" vfio-pci
	[[ $(readlink -f /sys/bus/pci/devices/"$DISK"/driver) == */vfio-pci ]]
	[[ $(readlink -f /sys/bus/pci/devices/"$NIC"/driver) == */vfio-pci ]]
	status 6 ctl driver reset "$net"
	says "'ioasidctl driver list' shows the devices that were given another"
	ctl driver reset "$DISK" "$NIC"
	[[ $(readlink -f /sys/bus/pci/devices/"$DISK"/driver) == */nvme ]]
	# The second one's probe fails, and the first is undone with it.
	eventually test -b /dev/nvme0n1
	status 1 ctl driver set "$DISK" "$NIC" nvme --force=driver-match
	[[ $(readlink -f /sys/bus/pci/devices/"$DISK"/driver) == */nvme ]]
	[[ $(cat /sys/bus/pci/devices/"$DISK"/driver_override) == '(null)' ]]
	[[ $(readlink -f /sys/bus/pci/devices/"$NIC"/driver) == */e1000e ]]
}

@test "driver set sees processes with a disk or UIO node open, but not itself" {
	eventually test -b /dev/nvme0n1
	exec 9<>/dev/nvme0n1
	status 3 ctl driver set "$DISK" vfio-pci
	says "has /dev/nvme0n1 open"
	exec 9>&-
	exec 9</dev/nvme0
	status 3 ctl driver set "$DISK" vfio-pci
	says "has /dev/nvme0 open"
	exec 9>&-
	ctl driver set "$NARROW" uio_pci_sva
	exec 9<>"/dev/$(ls "/sys/bus/pci/devices/$NARROW/uio")"
	status 3 ctl driver set "$NARROW" vfio-pci
	[[ $stderr != *ioasidctl\)* ]]
	says "process $BASHPID (bash)"
	says "to free it: kill $BASHPID"
	exec 9>&-
	# Only the command itself inherited the open node.
	"$IOASIDCTL" driver set "$NARROW" vfio-pci 9<>"/dev/$(ls "/sys/bus/pci/devices/$NARROW/uio")"
	[[ $(readlink -f /sys/bus/pci/devices/"$NARROW"/driver) == */vfio-pci ]]
}

# A user's processes with the device open, whose name and control group contain shell commands.
# shellcheck disable=SC2016,SC2217	# must not be expanded; a file that is only opened
@test "names chosen by other users do no harm in hints" {
	local group='/sys/fs/cgroup/$(touch harm|sh).service' pid node

	node=$(ls "/sys/bus/pci/devices/$WIDE/vfio-dev")
	cd "$BATS_TEST_TMPDIR"
	mkdir "$group"
	sleep 100 <"/dev/vfio/devices/$node" 3>&- &
	pid=$!
	echo "$pid" >"$group/cgroup.procs"
	status 3 ctl driver reset "$WIDE"
	says "process $pid (sleep) has /dev/vfio/devices/$node open"
	says "hint: to free it: kill $pid"
	[[ $stderr != *harm* ]]
	kill "$pid"
	wait "$pid" || true
	mkfifo never
	bash -c "echo 'ioasid:;touch h' >/proc/self/comm; read -r _ <>never" <"/dev/vfio/devices/$node" 3>&- &
	pid=$!
	eventually grep -q touch "/proc/$pid/comm"
	status 3 ctl driver reset "$WIDE"
	says "process $pid (ioasid:;touch h) has"
	[[ $stderr != *hint:* ]]
	kill "$pid"
	wait "$pid" || true
	eventually rmdir "$group"
	[[ ! -e harm ]]
}

@test "a device in use by a context keeps its driver" {
	context
	status 3 ctl driver set "$WIDE" uio_pci_sva
	says "process $(holder_pid test)"
	says "hint: to free it: ioasidctl -c test device remove $WIDE"
	[[ $(readlink -f /sys/bus/pci/devices/"$WIDE"/driver) == */vfio-pci ]]
}

@test "device show reports who holds it, and its capabilities" {
	local json

	context
	json=$(ctl device show "$WIDE" -j)
	[[ $(jq -r .opener[0].pid <<<"$json") == "$(holder_pid test)" ]]
	[[ $(jq .pasid_width <<<"$json") == 20 ]]
	[[ $(jq .pasid_enabled <<<"$json") == true ]]
	[[ $(jq .ats_enabled <<<"$json") == true ]]
	# Devices that are not open sleep.
	[[ $(ctl device show "$NARROW" -j | jq -r .unreadable.pasid_width) == 'the device is asleep' ]]
	status 0 ctl device show "$NARROW" -o pasid_width
	says 'hint: --wake wakes sleeping devices and reads them'
	status 0 ctl device list driver=vfio-pci -o device,pasid_width
	says 'hint: --wake wakes sleeping devices and reads them'
	status 0 ctl device list driver=e1000e -o device,pasid_width
	[[ -z $stderr ]]
	status 0 ctl device list driver=vfio-pci -o device,pasid_width -j
	[[ -z $stderr ]]
	[[ $(ctl device show "$NARROW" --wake -j | jq -c '[.pasid_width, .pasid_exec]') == '[8,false]' ]]
	[[ $(ctl device show "$PLAIN" --wake -j | jq .pasid_supported) == false ]]
	[[ $(ctl device show "$DISK" -j | jq .sriov_totalvfs) == 8 ]]
}

# attached DEVICE: what its own requests are attached to, in words.
attached()
{
	ctl device list -nr -o attached "device=$1"
}

@test "what own requests are attached to, before, while and after a context has the device" {
	local fd

	context
	[[ $(attached "$NIC") == 'domain\x20DMA-FQ' ]]
	[[ $(attached "$WIDE") == 'domain\x20blocked\x20(test)' ]]
	ctl device attach "$WIDE" first
	[[ $(attached "$WIDE") == 'ioas\x20first\x20(test)' ]]
	[[ $(ctl system tree "$WIDE" -nr -o kind,what | grep ^rid) == $'rid ioas\\x20first\\x20(test)\nrid ' ]]
	ctl device attach "$WIDE" "$second" --replace
	[[ $(attached "$WIDE") == "ioas\\x20$second\\x20(test)" ]]
	ctl context destroy test
	[[ $(attached "$WIDE") == 'domain\x20DMA-FQ' ]]
	exec {fd}<>"/dev/vfio/devices/$(ctl device show "$WIDE" -nr -o vfio_cdev)"
	sleep 100 &
	exec {fd}<&-
	[[ $(attached "$WIDE") == "vfio,\\x20pid\\x20$!\\x20(sleep)" ]]
	kill $!
	wait $! || true
	[[ $(attached "$WIDE") == 'domain\x20DMA-FQ' ]]
}

# planned EXPECTED COMMAND...: with --dry-run it prints EXPECTED and changes nothing.
planned()
{
	local before got want=$1

	shift
	before=$(ctl context show test -j; hardware "$WIDE")
	got=$(ctl "$@" --dry-run)
	[[ $got == "$want" ]] || { echo "$got"; return 1; }
	[[ $(ctl context show test -j; hardware "$WIDE") == "$before" ]]
}

@test "a dry run prints each ioctl and does none; then the command does them" {
	local node

	status 0 ctl context create test --dry-run
	[[ $output == $'open /dev/iommu\nlisten /run/ioasidctl/test.sock' ]]
	[[ ! -e /run/ioasidctl/test.sock ]]
	context
	status 1 ctl context create test --dry-run
	says 'context test already exists'
	node=$(ctl device show "$NARROW" -nr -o vfio_cdev)
	planned "open /dev/vfio/devices/$node
ioctl VFIO_DEVICE_BIND_IOMMUFD $NARROW
ioctl IOMMU_GET_HW_INFO $NARROW
ioctl VFIO_DEVICE_SET_IRQS $NARROW" device add "$NARROW"
	ctl device add "$NARROW"
	planned "" device remove "$NARROW"
	ctl device remove "$NARROW"
	planned 'ioctl IOMMU_IOAS_ALLOC' ioas alloc --name third
	planned "ioctl IOMMU_DESTROY ioas $second" ioas free "$second"
	planned "ioctl IOMMU_IOAS_MAP ioas $first size 0x200000 iova 0x100000 read write" \
		ioas map first 2M --iova 0x100000
	ctl ioas map first 2M --iova 0x100000
	planned "ioctl IOMMU_IOAS_UNMAP ioas $first iova 0x100000 size 0x200000" ioas unmap first 0x100000
	planned "ioctl IOMMU_HWPT_ALLOC $WIDE ioas $first for PASIDs
ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT $WIDE hwpt NEW" device attach "$WIDE" first
	ctl device attach "$WIDE" first
	planned "ioctl IOMMU_HWPT_ALLOC $WIDE ioas $second for PASIDs
ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT $WIDE pasid 42 hwpt NEW
ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT $WIDE pasid 100-163 hwpt NEW" pasid bind "$WIDE" 42,100-163 "$second"
	ctl pasid bind "$WIDE" 42,100-163 "$second"
	[[ $(hardware "$WIDE" | wc -l) == 65 ]]
	planned "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT $WIDE pasid 110-120" pasid unbind "$WIDE" 110-120
	ctl pasid unbind "$WIDE" 110-120
	[[ $(hardware "$WIDE" | wc -l) == 54 ]]
	status 0 ctl device detach "$WIDE" --dry-run
	[[ $output == "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT $WIDE"* ]]
	status 0 ctl context destroy test --dry-run
	[[ $output == "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT $WIDE pasid 42"* ]]
	[[ $output == *"ioctl IOMMU_DESTROY ioas $second" ]]
	[[ $(hardware "$WIDE" | wc -l) == 54 ]]
	ctl context destroy test
	[[ -z $(hardware "$WIDE") ]]
}

@test "a dry run of a refused command prints the same message" {
	local args said

	context
	ctl pasid bind "$WIDE" 7 first
	for args in "pasid bind $WIDE 7 $second" "pasid bind $WIDE 0 first" "pasid unbind $WIDE 8" \
		"device remove $WIDE" "device add $WIDE" "ioas free first" "ioas unmap first 0x1000" \
		"device detach $WIDE" "ioas map nowhere 4K" "device add $NIC"; do
		# shellcheck disable=SC2086
		output=$(ctl $args 2>&1) && return 1
		said="$? $output"
		# shellcheck disable=SC2086
		output=$(ctl $args --dry-run 2>&1) && return 1
		[[ "$? $output" == "$said" ]] || { echo "$args: $output, not $said"; return 1; }
	done
	[[ $(hardware "$WIDE") == 7 ]]
}

@test "groups, their members and units are those in sysfs" {
	local group

	[[ $(ctl group list -nr -o group) == "$(ls -v /sys/kernel/iommu_groups)" ]]
	for group in /sys/kernel/iommu_groups/*; do
		[[ $(ctl group show "${group##*/}" -j | jq -r '.device[]') == "$(ls "$group"/devices)" ]]
	done
	[[ $(ctl iommu show dmar0 -j | jq -r .ecap) == 0x$(cat /sys/class/iommu/dmar0/intel-iommu/ecap) ]]
	[[ $(ctl iommu list -nr -o pasid_width vendor=intel) == 20 ]]
	ctl group show "$WIDE" -j | jq -e '.reserved_region | length > 0'
}

@test "system features finds what is there" {
	status 0 ctl system features -j
	[[ $(jq -r '.[] | select(.feature == "IOMMU_HWPT_ALLOC").available' <<<"$output") == true ]]
	[[ $(jq -r '[.[] | select(.kind == "ioctl")] | length' <<<"$output") == 22 ]]
	status 0 ctl system features "$WIDE" -j
	[[ $(jq -r '.[] | select(.feature == "IOMMU_HWPT_ALLOC_PASID").available' <<<"$output") == true ]]
	[[ $(jq -r '.[] | select(.feature == "VFIO_DEVICE_ATTACH_PASID").available' <<<"$output") == true ]]
	status 3 ctl system features "$NIC"
	says "$NIC: the device has no VFIO driver"
	says "hint: ioasidctl driver set $NIC vfio-pci"
	# The probe has left nothing behind.
	context
	[[ -z $(hardware "$WIDE") ]]
}

# has_changed LINE...: exactly these changes since the capture, one per line. Wakes the devices that
# VFIO lets sleep.
has_changed()
{
	diff <(printf '%s\n' "$@") <(ctl system diff "$BATS_TEST_TMPDIR/before" --wake -nr \
		-o change,kind,object,pasid,field,old,new || echo "status $?")
}

@test "system diff shows what has changed since a capture, and nothing else" {
	local pid device

	context
	ctl pasid bind "$WIDE" 42,43 first
	pid=$(holder_pid test)
	# A capture does not wake devices.
	for device in "$WIDE" "$NARROW" "$PLAIN" "$EDU"; do
		echo on >/sys/bus/pci/devices/"$device"/power/control
	done
	ctl system capture "$BATS_TEST_TMPDIR/before"
	[[ $(ctl system diff "$BATS_TEST_TMPDIR/before" --wake -j) == '[]' ]]
	ctl driver reset "$EDU"
	ctl pasid bind "$WIDE" 44 first
	ctl pasid unbind "$WIDE" 42
	[[ $(hardware "$WIDE" | xargs) == '43 44' ]]
	has_changed "changed device $EDU  driver vfio-pci " "changed device $EDU  driver_override vfio-pci " \
		"removed pasid $WIDE 42  ioas\\x20first\\x20(test) " \
		"added pasid $WIDE 44   ioas\\x20first\\x20(test)"
	ctl driver set "$EDU" vfio-pci
	ctl pasid unbind "$WIDE" 44
	ctl pasid bind "$WIDE" 42 first
	[[ $(ctl system diff "$BATS_TEST_TMPDIR/before" --wake -j) == '[]' ]]
	for device in "$WIDE" "$NARROW" "$PLAIN" "$EDU"; do
		echo auto >/sys/bus/pci/devices/"$device"/power/control
	done
}

@test "the kernel has logged no warning" {
	log=$(dmesg)
	[[ -n $log && -z $(grep -E 'BUG:|WARNING:|Oops|general protection|refcount' <<<"$log") ]]
}

@test "system explain: a device's DMA to an address that is not mapped" {
	explains_real_faults dmar write read
}

@test "system explain: a holder that does not answer does not hide others' PASIDs" {
	local deaf row

	context
	ctl pasid bind "$WIDE" 42 first
	ctl context create deaf
	deaf=$(holder_pid deaf)
	kill -STOP "$deaf"
	row=$(ctl system explain -rn -o device,pasid,pid,context "DMAR: [DMA Write PASID 0x2a] Request device \
[$WIDE] fault addr 0x1000 [fault reason 0x59] SM: Present bit in PASID Table Entry is clear")
	kill -CONT "$deaf"
	[[ $row == "$WIDE 42 $(holder_pid test) test" ]]
}

@test "group why: each member of each group is explained" {
	explains_groups
}

@test "system graph draws the PASIDs that are bound, and the process that holds them" {
	local label

	context
	ctl pasid bind "$WIDE" 42 first
	ctl pasid bind "$WIDE" 100-103 "$second"
	status 0 ctl system graph "$WIDE" --format dot
	for label in "$WIDE\\nsystem, driver vfio-pci" 'PASID 42\nioas first (test)' \
		"PASID 100-103\\nioas $second (test)" "pid $(holder_pid test)\\nioasid:test"; do
		[[ $output == *"[label=\"$label"* ]] || { printf 'no %s in: %s\n' "$label" "$output"; return 1; }
	done
	# The device's own requests; the process once, with a line to it from each of the two.
	[[ $(grep -c 'label="pid ' <<<"$output") == 1 ]]
	[[ $(grep -c '^.n[0-9]* -> n[0-9]*;$' <<<"$output") == 5 ]]
	status 0 ctl system graph "$WIDE" --format svg
	[[ $output == *'>PASID 42</text>'* && $output == *'>ioasid:test</text>'* && $output == *'</svg>' ]]
	status 0 ctl system graph "$WIDE" --format mermaid
	[[ $output == *'PASID 42<br/>ioas first #40;test#41;"'* ]]
	ctl pasid unbind "$WIDE" 42
	[[ $(hardware "$WIDE") != *42* ]]
	status 0 ctl system graph "$WIDE"
	[[ $output != *'PASID 42'* && $output == *'PASID 100-103'* ]]
}

@test "what was printed as JSON is as the schemas say" {
	valid_documents
}

@test "an HWPT of one's own: allocated, listed, used by PASIDs and by the device, and freed" {
	context
	ctl device add "$NARROW" >/dev/null
	[[ $(ctl hwpt alloc "$WIDE" first --pasid --name tables -j | jq -c '[.context, .name]') == '["test","tables"]' ]]
	[[ $(ctl pasid bind "$WIDE" 42 tables) == 42 ]]
	[[ $(hardware "$WIDE") == 42 ]]
	ctl device attach "$WIDE" tables
	[[ $(ctl hwpt list -nr -o name,ioas,device,pasid_capable,automatic,user_count) == \
		"tables $first $WIDE 1 0 2" ]]
	[[ $(ctl hwpt show tables -j | jq -c '[.user[] | [.kind, .device, .lo]]') == \
		"[[\"device\",\"$WIDE\",null],[\"pasid\",\"$WIDE\",42]]" ]]
	# The second device's PASIDs get one of their own, which goes with them.
	ctl pasid bind "$NARROW" 7 first >/dev/null
	[[ $(ctl hwpt list -j | jq '[.[] | select(.automatic)] | length') == 1 ]]
	ctl pasid unbind "$NARROW" 7
	[[ $(ctl hwpt list -j | jq length) == 1 ]]
	# Three mistakes.
	status 3 ctl hwpt free tables
	says 'is used by device '
	status 1 ctl hwpt alloc "$WIDE" "$second" --name tables
	status 6 ctl hwpt show nothing
	says "'ioasidctl hwpt list' shows the HWPTs"
	[[ $(ctl hwpt alloc "$WIDE" first --dry-run) == "ioctl IOMMU_HWPT_ALLOC $WIDE ioas $first" ]]
	ctl pasid unbind "$WIDE" all
	ctl device detach "$WIDE"
	ctl hwpt free tables
	[[ $(ctl hwpt list -j) == '[]' ]]
	[[ -z $(hardware "$WIDE") ]]
}
