# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests in the lab's machines use besides tests/lib.bash, loaded outside of setup(): the machines' devices,
# contexts and users, and what several machines are tested for.

# shellcheck source-path=SCRIPTDIR source=../../lib.bash
. "$(dirname "${BASH_SOURCE[0]}")/../../lib.bash"
DOCUMENTS=${BATS_FILE_TMPDIR:-}/documents

# For files without their own.
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
	record_document "$status" "ioasidctl $*" "$document"
	[[ -z $document ]] || printf '%s\n' "$document"
	return $status
}

# The PASIDs that the IOMMU's own table has for a device, except 0, the RID; one per line.
hardware()
{
	[[ -r $TABLE ]] || echo "no table"
	awk -v bdf="${1#0000:}" '$1 == bdf && $4 + 0 > 0 { print $4 + 0 }' "$TABLE" | sort -n
}

# user COMMAND...: as an unprivileged user, who can read a copy of the program.
user()
{
	if [[ ! -e /tmp/copied || $(</tmp/copied) != "$IOASIDCTL" ]]; then
		install -m 755 "$IOASIDCTL" /tmp/ioasidctl
		echo "$IOASIDCTL" >/tmp/copied
	fi
	(cd /tmp && PATH=/tmp:$PATH setpriv --reuid 1000 --regid 1000 --clear-groups "$@")
}

# at_home COMMAND...: the same with a runtime directory, as after login.
at_home()
{
	[[ -d /run/user/1000 ]] || install -d -o 1000 -g 1000 -m 700 /run/user/1000
	user env XDG_RUNTIME_DIR=/run/user/1000 "$@"
}

# status STATUS COMMAND...: run_both, and the command must exit with STATUS.
status()
{
	run_both "${@:2}" && ended "$1"
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

# Destroys every context that a test has left, also those of users.
destroy_all()
{
	local name

	for name in $(ctl context list -nr -o context 2>/dev/null); do
		ctl context destroy --force "$name" 2>/dev/null || true
	done
}

# On a machine without interrupt remapping: adding a device is refused and explained.
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

# With unsafe interrupts allowed, a device can be attached, to the IOAS itself: this IOMMU has no
# PASIDs.
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

# judged STATUS PASSTHROUGH PASID SVA: 'system check' exits with STATUS and has these verdicts.
judged()
{
	status "$1" ctl system check -j
	equal_words "$(jq -r '.[] | select(.check == "ready" and .object != "unprivileged").result' <<<"$output")" \
		"${*:2}"
}

# equal_words TEXT PATTERN: the lines of TEXT, joined by spaces, match.
equal_words()
{
	# shellcheck disable=SC2053	# a pattern
	[[ ${1//$'\n'/ } == $2 ]] && return 0
	printf '%s\nis not %s\n' "$1" "$2"
	return 1
}

# found CHECK: its results in the output of the last command.
found()
{
	jq -r --arg check "$1" '.[] | select(.check == $check).result' <<<"$output"
}

# On a machine without interrupt remapping: ready for nothing, until unsafe interrupts are allowed.
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

# explains_groups: every member of every group of this machine is explained by a rule for PCI.
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

# reason GROUP OBJECT CHECK: the row of "group why", as "result seen".
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

# explains_real_faults SOURCE WRITE READ: unmapped DMA by a device without mappings. SOURCE is the
# driver that logs it, with these words for the accesses.
explains_real_faults()
{
	local group forged partly=0

	# Written by an earlier run of this test on the same machine.
	forged=$(dmesg | grep -c 0x123000) || true
	((forged == 0)) || partly=7
	group=$(basename "$(readlink /sys/bus/pci/devices/"$EDU"/iommu_group)")
	"$BUILD/lab/edu" "$EDU" write 0xdead000
	eventually explained "$1" "$EDU" 0xdead000 "$2" "$group"
	"$BUILD/lab/edu" "$EDU" read 0xbeef000
	eventually explained "$1" "$EDU" 0xbeef000 "$3" "$group"
	status $partly ctl system explain -j -o reason,kind,time,line
	jq -e 'all(.[] | select(.kind == "dma"); (.reason | startswith("the address is not mapped")) and
		(.time | test("^[0-9]+\\.[0-9]{6}$")))' <<<"$output"
	# The same from dmesg, with timestamps and decoded levels.
	dmesg | ctl system explain - -rn -o device,iova | grep -qxF "$EDU 0xdead000"
	dmesg -x | ctl system explain - -rn -o device,iova | grep -qxF "$EDU 0xdead000"
	# What a process writes to the log is neither believed nor silently skipped.
	echo "DMAR: [DMA Write NO_PASID] Request device [0000:00:1f.0] fault addr 0x123000 [fault reason 0x05] x" \
		>/dev/kmsg
	((++forged == $(dmesg | grep -c 0x123000)))
	status 7 ctl system explain -rn -o iova
	[[ $output != *0x123000* ]]
	says "ioasidctl: note: $forged line"
	says "not believed to be the kernel's"
}
