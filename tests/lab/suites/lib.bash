# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Helpers of the tests that run in the lab's machines. $IOASIDCTL is the program under test.

# shellcheck source-path=SCRIPTDIR source=../../quick.bash
. "$(dirname "${BASH_SOURCE[0]}")/../../quick.bash"

# For the files that have none of their own.
setup()
{
	follow_test
}

WIDE=0000:00:10.0   # endpoint with PASIDs of 20 bits
NARROW=0000:00:11.0 # endpoint with PASIDs of 8 bits
PLAIN=0000:00:12.0  # endpoint without PASIDs
EDU=0000:00:05.0    # no driver
NIC=0000:00:03.0    # e1000e
DISK=0000:01:00.0   # nvme
export WIDE NARROW PLAIN EDU NIC DISK

TABLE=/sys/kernel/debug/iommu/intel/dmar_translation_struct

# ctl ARGUMENT...: the program. What it prints with -j is kept for valid_documents.
ctl()
{
	local document status=0

	if [[ " $* " != *' -j '* ]]; then
		"$IOASIDCTL" "$@"
		return
	fi
	document=$("$IOASIDCTL" "$@") || status=$?
	printf '\036%s ioasidctl %s\n%s\n' "$status" "$*" "$document" >>"$BATS_FILE_TMPDIR/documents"
	[[ -z $document ]] || printf '%s\n' "$document"
	return $status
}

# valid_documents: all JSON that ctl printed in this file is as the program's schemas say.
valid_documents()
{
	"${BASH_SOURCE[0]%/*}/../../tools/schemas" "$IOASIDCTL" "$BATS_FILE_TMPDIR/documents"
}

# The PASIDs that the IOMMU's own table has of a device, its RID's 0 left out; one a line.
hardware()
{
	[[ -r $TABLE ]] || echo "no table"
	awk -v bdf="${1#0000:}" '$1 == bdf && $4 + 0 > 0 { print $4 + 0 }' "$TABLE" | sort -n
}

# user COMMAND...: as somebody without any right. The program has a copy where everybody may read it.
user()
{
	if [[ ! -e /tmp/copied || $(</tmp/copied) != "$IOASIDCTL" ]]; then
		install -m 755 "$IOASIDCTL" /tmp/ioasidctl
		echo "$IOASIDCTL" >/tmp/copied
	fi
	(cd /tmp && PATH=/tmp:$PATH setpriv --reuid 1000 --regid 1000 --clear-groups "$@")
}

# at_home COMMAND...: the same with a runtime directory, as that of somebody who has logged in.
at_home()
{
	[[ -d /run/user/1000 ]] || install -d -o 1000 -g 1000 -m 700 /run/user/1000
	user env XDG_RUNTIME_DIR=/run/user/1000 "$@"
}

# status STATUS COMMAND...: it must end with that; $output is stdout, $errors stderr.
status()
{
	local want=$1 got=0

	shift
	output=$("$@" 2>"$BATS_TEST_TMPDIR/errors") || got=$?
	errors=$(<"$BATS_TEST_TMPDIR/errors")
	export output errors
	((got == want)) && return 0
	printf 'status %d, not %d: %s\nstdout: %s\nstderr: %s\n' "$got" "$want" "$*" "$output" "$errors"
	return 1
}

# says TEXT: stderr has it.
says()
{
	[[ $errors == *"$1"* ]] && return 0
	printf 'no "%s" in: %s\n' "$1" "$errors"
	return 1
}

# Waits until a condition holds; the lab's machines are slow, so the limit is generous.
eventually()
{
	local i

	for ((i = 0; i < 200; i++)); do
		"$@" && return 0
		sleep 0.05
	done
	printf 'never came true: %s\n' "$*"
	return 1
}

holder_pid()
{
	ctl context list -nr -o context,pid | awk -v name="$1" '$1 == name { print $2 }'
}

# Ends every context that a test has left, the users' too.
destroy_all()
{
	local name

	for name in $(ctl context list -nr -o context 2>/dev/null); do
		ctl context destroy --force "$name" 2>/dev/null || true
	done
}

# On a machine that does not remap interrupts: adding a device is refused, and explained.
refuses_without_remapping()
{
	ctl driver set "$EDU" vfio-pci
	ctl context create test
	status 5 ctl -c test device add "$EDU"
	says 'does not remap interrupts'
	says allow_unsafe_interrupts
	ctl context destroy test
	ctl driver reset "$EDU"
}

# With the way round a device can be attached, to the IOAS itself: this IOMMU has no PASIDs.
attaches_without_remapping()
{
	ctl driver set "$EDU" vfio-pci
	echo 1 >/sys/module/iommufd/parameters/allow_unsafe_interrupts
	ctl context create test
	ctl -c test device add "$EDU"
	ctl -c test ioas alloc --name a
	ctl -c test device attach "$EDU" a
	[[ $(ctl context show test -j | jq '.device[0].hwpt') == null ]]
	status 5 ctl -c test pasid bind "$EDU" 1 a
	ctl context destroy test
	echo 0 >/sys/module/iommufd/parameters/allow_unsafe_interrupts
	ctl driver reset "$EDU"
}

# judged STATUS PASSTHROUGH PASID SVA: 'system check' ends with that and with these verdicts.
judged()
{
	status "$1" ctl system check -j
	equal_words "$(jq -r '.[] | select(.check == "ready" and .object != "unprivileged").result' <<<"$output")" \
		"${*:2}"
}

# equal_words TEXT PATTERN: the lines of TEXT, parted by blanks, match.
equal_words()
{
	# shellcheck disable=SC2053	# a pattern
	[[ ${1//$'\n'/ } == $2 ]] && return 0
	printf '%s\nis not %s\n' "$1" "$2"
	return 1
}

# found CHECK: the last command's results for it.
found()
{
	jq -r --arg check "$1" '.[] | select(.check == $check).result' <<<"$output"
}

# On a machine that does not remap interrupts: ready for nothing, until somebody trusts the devices.
judges_without_remapping()
{
	judged 5 broken broken broken
	says 'not ready for any use: interrupt-remapping'
	equal_words "$(found iommu)" ok
	echo 1 >/sys/module/iommufd/parameters/allow_unsafe_interrupts
	judged 0 warning broken broken
	equal_words "$(found unsafe-interrupts)" 'warning ok'
	echo 0 >/sys/module/iommufd/parameters/allow_unsafe_interrupts
}

# explains_groups: why each member of each group of this machine is in it, by a rule of PCI.
explains_groups()
{
	local group members

	for group in /sys/kernel/iommu_groups/*; do
		members=("$group"/devices/*)
		printf '{"member": "%s", "why": ' "${members[*]##*/}"
		"$IOASIDCTL" group why "${group##*/}" -j --wake || (($? == 3 || $? == 5))
		echo '}'
	done >"$BATS_TEST_TMPDIR/why"
	jq -s -e 'length > 0 and all(.[]; .why as $rows | (.member | split(" ")) as $members |
			["pci-bridge", "bridge-acs", "multifunction-acs", "dma-alias"] as $shared |
			all($members[]; . as $member | [$rows[] | select(.object == $member).check] |
				any(.[]; if $members | length == 1 then . == "alone" else IN($shared[]) end)) and
			all($rows[]; .result != "unknown" and .check != "iommu-driver"))' "$BATS_TEST_TMPDIR/why" ||
		{ cat "$BATS_TEST_TMPDIR/why"; return 1; }
}

# reason GROUP OBJECT CHECK: that row of "group why", as "result seen".
reason()
{
	"$IOASIDCTL" group why "$1" -j 2>/dev/null | jq -r --arg object "$2" --arg check "$3" \
		'.[] | select(.object == $object and .check == $check) | "\(.result) \(.seen)"'
}

# explained SOURCE DEVICE IOVA ACCESS: the kernel's log has that fault, and it is explained.
explained()
{
	ctl system explain -rn -o source,device,iova,access,group | grep -qxF "$*"
}

# explains_real_faults SOURCE WRITE READ: DMA by a device that nobody gave anything, where nothing is
# mapped. SOURCE prints it, and calls the accesses so.
explains_real_faults()
{
	local group forged partly=0

	# What this test wrote where it has run since the machine was booted.
	forged=$(dmesg | grep -c 0x123000) || true
	((forged == 0)) || partly=7
	group=$(basename "$(readlink /sys/bus/pci/devices/"$EDU"/iommu_group)")
	"${BUILD:-build}/lab/edu" "$EDU" write 0xdead000
	eventually explained "$1" "$EDU" 0xdead000 "$2" "$group"
	"${BUILD:-build}/lab/edu" "$EDU" read 0xbeef000
	eventually explained "$1" "$EDU" 0xbeef000 "$3" "$group"
	status $partly ctl system explain -j -o reason,kind,time,line
	jq -e 'all(.[] | select(.kind == "dma"); (.reason | startswith("the address is not mapped")) and
		(.time | test("^[0-9]+\\.[0-9]{6}$")))' <<<"$output"
	# The same from dmesg, with a time in front and the level decoded.
	dmesg | ctl system explain - -rn -o device,iova | grep -qxF "$EDU 0xdead000"
	dmesg -x | ctl system explain - -rn -o device,iova | grep -qxF "$EDU 0xdead000"
	# What a process writes to the log is not believed, nor passed over in silence.
	echo "DMAR: [DMA Write NO_PASID] Request device [0000:00:1f.0] fault addr 0x123000 [fault reason 0x05] x" \
		>/dev/kmsg
	((++forged == $(dmesg | grep -c 0x123000)))
	status 7 ctl system explain -rn -o iova
	[[ $output != *0x123000* ]]
	says "ioasidctl: note: $forged line"
	says "not believed to be the kernel's"
}
