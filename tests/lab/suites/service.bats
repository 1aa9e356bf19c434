#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The holder as a service: readiness, protection from the OOM killer, confinement.
#
# eventually() calls functions.
# shellcheck disable=SC2317

load machine

setup_file()
{
	ctl driver set "$WIDE" vfio-pci
}

teardown_file()
{
	ctl driver reset "$WIDE"
}

setup()
{
	follow_test
	export IOASIDCTL_CONTEXT=test
}

teardown()
{
	destroy_all
}

@test "a service manager hears that the context is ready, and that it stops" {
	local python

	# $1 is the socket; what it receives goes to stdout, one line each.
	python='
import socket, subprocess, sys, os
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
name = sys.argv[1]
s.bind("\0" + name[1:] if name[0] == "@" else name)
s.settimeout(60)
p = subprocess.Popen([sys.argv[2], "context", "create", "--foreground", "test"],
    env=dict(os.environ, NOTIFY_SOCKET=name), stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL)
print(s.recv(4096).decode())
state = subprocess.run([sys.argv[2], "context", "list", "-nr", "-o", "context,state"], capture_output=True)
print(state.stdout.decode().strip())
p.terminate()
print(s.recv(4096).decode())
print(p.wait())
'
	for name in "$BATS_TEST_TMPDIR/notify" @ioasidctl-test; do
		run python3 -c "$python" "$name" "$IOASIDCTL"
		echo "$output"
		[[ $output == $'READY=1\nSTATUS=Context test\ntest live\nSTOPPING=1\n0' ]]
	done
}

@test "a service manager that cannot be reached is reported, and changes nothing" {
	NOTIFY_SOCKET=/nonexistent "$IOASIDCTL" context create --foreground test 2>"$BATS_TEST_TMPDIR/log" 3>&- &
	is_live() { [[ $(ctl context list -nr -o context,state) == 'test live' ]]; }
	eventually is_live
	ctl context destroy test
	wait $!
	grep -q 'cannot report to the service manager: No such file or directory' "$BATS_TEST_TMPDIR/log"
}

# confined_context [COMMAND...]: the context test, created by COMMAND (ctl); its holder reports what confines it.
confined_context()
{
	local log=$BATS_TEST_TMPDIR/log

	(($#)) || set -- "$IOASIDCTL"
	"$@" context create --foreground test 2>"$log" 3>&- &
	started() { grep -q 'context test: started' "$log"; }
	eventually started
	grep -q 'context test: started, .*/ioasidctl/test.sock, Landlock ABI [0-9]*, seccomp$' "$log"
}

@test "a holder can do what a context needs while it is confined" {
	local pid task

	confined_context
	ctl device add "$WIDE"
	ctl ioas alloc --name first
	pid=$(holder_pid test)
	for task in /proc/"$pid"/task/*; do
		grep -q $'^Seccomp:\t2$' "$task/status"
		grep -q $'^NoNewPrivs:\t1$' "$task/status"
	done
	ctl ioas map first 2M --iova 0x100000
	ctl device attach "$WIDE" first
	ctl pasid bind --dry-run "$WIDE" 7-9 first
	ctl pasid bind "$WIDE" 7-9 first
	[[ $(hardware "$WIDE") == $'7\n8\n9' ]]
	status 0 ctl context exec test -- readlink /proc/self/fd/3 /proc/self/fd/4
	[[ $output == /dev/iommu$'\n'/dev/vfio/devices/* ]]
	rm -r /run/ioasidctl
	is_live() { [[ $(ctl context list -nr -o context,state) == 'test live' ]]; }
	eventually is_live
	[[ $(stat -c %a /run/ioasidctl) == 755 ]]
	ctl pasid unbind "$WIDE" 7-9
	ctl context destroy test
	[[ ! -e /run/ioasidctl/test.sock ]]
}

@test "a confined holder opens nodes whose directory did not exist when it started" {
	ctl driver reset "$WIDE"
	[[ ! -e /dev/vfio/devices ]]
	confined_context
	ctl driver set "$WIDE" vfio-pci
	ctl device add "$WIDE"
	# And again, in another directory of that name.
	ctl device remove "$WIDE"
	ctl driver reset "$WIDE"
	[[ ! -e /dev/vfio/devices ]]
	ctl driver set "$WIDE" vfio-pci
	ctl device add "$WIDE"
}

@test "a confined holder reaches a syslog that was restarted" {
	local log=$BATS_TEST_TMPDIR/syslog syslog

	# Writes what it receives to $1, one line each.
	syslog='
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/dev/log")
with open(sys.argv[1], "a", buffering=1) as f:
    while True:
        f.write(s.recv(4096).rstrip(b"\0").decode() + "\n")
'
	serve() {
		rm -f /dev/log
		python3 -c "$syslog" "$log" 3>&- &
		served() { [[ -S /dev/log ]]; }
		eventually served
	}
	serve
	ctl context create test
	started() { grep -q 'context test: started, .* Landlock ABI [0-9]*, seccomp$' "$log"; }
	eventually started
	kill $!
	wait $! || true
	serve
	ctl context destroy test
	destroyed() { grep -q 'context test: destroyed$' "$log"; }
	eventually destroyed
	kill $!
	rm /dev/log
}

@test "a user's confined holder makes its directory again, after the next login too" {
	local cdev

	cdev=/dev/vfio/devices/$(ctl device show "$WIDE" -nro vfio_cdev)
	chown 1000 /dev/iommu "$cdev"
	confined_context at_home ioasidctl
	rm -r /run/user/1000
	is_live() { [[ $(at_home ioasidctl context list -nr -o context,state) == 'test live' ]]; }
	eventually is_live
	at_home ioasidctl device add -c test "$WIDE"
	at_home ioasidctl context destroy test
	chown root /dev/iommu "$cdev"
	rm -r /run/user/1000
}

@test "what is refused is refused by this kernel too" {
	"$(dirname "$IOASIDCTL")/tests/unit/holder/test_confine"
}

@test "root's holder is killed among the last when memory runs out" {
	ctl context create test
	[[ $(</proc/"$(holder_pid test)"/oom_score_adj) == -900 ]]
	ctl context destroy test
	# What the administrator has set is not raised.
	choom -n -1000 -- "$IOASIDCTL" context create test
	[[ $(</proc/"$(holder_pid test)"/oom_score_adj) == -1000 ]]
}

@test "a user's holder stays as the kernel has it" {
	chown 1000 /dev/iommu
	status 0 at_home ioasidctl context create test
	[[ $(</proc/"$(holder_pid 1000:test)"/oom_score_adj) == "$(</proc/self/oom_score_adj)" ]]
	at_home ioasidctl context destroy test
	chown root /dev/iommu
	rm -rf /run/user/1000
}
