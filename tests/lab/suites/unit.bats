#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# ioasidctl-context@.service on a machine with systemd: its restrictions leave a holder what it needs.
#
# eventually() calls functions.
# shellcheck disable=SC2317

load machine

setup()
{
	follow_test
	export IOASIDCTL_CONTEXT=lab
}

teardown()
{
	systemctl stop ioasidctl-context@lab ioasidctl-context@other
}

property()
{
	systemctl show -p "$1" --value "ioasidctl-context@$2"
}

@test "a context of a unit can do what any other can" {
	systemctl start ioasidctl-context@lab
	# Only a holder that reported itself is active by now.
	[[ $(ctl context list -nr -o context,state,pid) == "lab live $(property MainPID lab)" ]]
	[[ $(property StatusText lab) == 'Context lab' ]]
	ctl driver set "$WIDE" vfio-pci
	ctl device add "$WIDE"
	ctl ioas alloc --name red
	ctl ioas map red 16M --iova 0x10000000
	ctl device attach "$WIDE" red
	ctl pasid bind "$WIDE" 5-7 red
	[[ $(hardware "$WIDE") == $'5\n6\n7' ]]
	status 0 ctl context exec lab -- readlink /proc/self/fd/4
	[[ $output == /dev/vfio/devices/* ]]
}

@test "a unit's holder has no more capabilities than it needs, and dies among the last" {
	local pid

	systemctl start ioasidctl-context@lab
	pid=$(property MainPID lab)
	[[ $(awk '/^CapBnd/ { print $2 }' /proc/"$pid"/status) == 0000000000004000 ]]
	[[ $(</proc/"$pid"/oom_score_adj) == -900 ]]
}

@test "a unit that stops frees its own context, and leaves others alone" {
	systemctl start ioasidctl-context@lab ioasidctl-context@other
	ctl device add "$WIDE"
	ctl ioas alloc --name red
	ctl pasid bind "$WIDE" 5 red
	systemctl stop ioasidctl-context@lab
	[[ -z $(hardware "$WIDE") ]]
	[[ $(property Result lab) == success ]]
	[[ $(ctl context list -nr -o context,state) == 'other live' ]]
}

@test "a runtime directory that is removed is made again" {
	systemctl start ioasidctl-context@lab
	rm -r /run/ioasidctl
	is_live() { [[ $(ctl context list -nr -o context,state) == 'lab live' ]]; }
	eventually is_live
}

@test "a unit of a context that exists fails, and says why" {
	ctl context create lab
	run systemctl start ioasidctl-context@lab
	((status))
	journalctl -u ioasidctl-context@lab | grep -q 'context lab already exists'
	ctl context destroy lab
}
