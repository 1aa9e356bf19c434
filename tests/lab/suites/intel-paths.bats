#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What makes the kernel put devices into one group, and what shows it.

load machine

teardown()
{
	destroy_all
}

@test "group why: each member of each group is explained" {
	explains_groups
}

@test "group why: the reason is shown for ports, functions and requester IDs" {
	[[ $(reason 0000:02:00.0 0000:02:00.0 bridge-acs) == 'warning behind 0000:00:05.0, a root port whose ACS lacks '* ]]
	[[ $(reason 0000:01:00.0 0000:01:00.0 alone) == 'ok the only member: '*' behind 0000:00:04.0, which isolates' ]]
	[[ $(reason 0000:05:00.0 0000:05:00.0 bridge-acs) == 'warning behind 0000:04:00.0, a downstream port without ACS' ]]
	[[ $(reason 0000:00:07.1 0000:00:07.1 multifunction-acs) == 'warning '*', of one device with 0000:00:07.0' ]]
	[[ $(reason 0000:00:0b.0 0000:00:0b.0 dma-alias) == 'note uses the requester ID of 0000:00:10.0 too'* ]]
}

@test "group why: a port in the group does not block it" {
	local port=0000:00:05.0 device=0000:02:00.0

	[[ $(reason $device $port driver) == 'ok bound to pcieport' ]]
	status 0 ctl group why $device
	ctl driver set $device vfio-pci
	status 0 ctl group why $device --wake
	ctl context create test
	ctl -c test device add $device
	status 3 ctl group why $port
	ctl context destroy test
	ctl driver reset $device
}
