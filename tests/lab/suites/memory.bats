#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Memory that a client brings: files in a context's IOASes, compared with what the devices and the
# IOMMU's page table have.

load machine

FILE=/dev/shm/ioasidctl-test
POOL=/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
export FILE POOL

setup_file()
{
	ctl driver set "$WIDE" vfio-pci
	ctl driver set "$EDU" vfio-pci
}

teardown_file()
{
	ctl driver reset "$WIDE"
	ctl driver reset "$EDU"
}

setup()
{
	follow_test
	export IOASIDCTL_CONTEXT=test
	ctl context create test
	ctl ioas alloc first
}

teardown()
{
	destroy_all
	rm -f "$FILE" "$BATS_TEST_TMPDIR"/*
	rm -rf /run/user/1000
	if [[ -e $BATS_TEST_TMPDIR/huge ]]; then
		umount "$BATS_TEST_TMPDIR/huge"
		echo 0 >"$POOL"
	fi
}

# mappings: "IOVA SIZE ACCESS KIND" of each.
mappings()
{
	ctl ioas show first -j | jq -r '.mapping[] | "\(.iova) \(.size) \(.access) \(.kind)"'
}

# physical IOVA...: where each is in memory.
physical()
{
	ctl pasid translate "$WIDE" 42 "$@" -nro physical
}

@test "a device reads and writes the file, and so does everybody else" {
	truncate -s 16K "$FILE"
	ctl device add "$EDU"
	ctl device attach "$EDU" first
	[[ $(ctl ioas map first 8K --file "$FILE" --offset 4K --iova 0x100000) == 0x100000 ]]
	[[ $(mappings) == '0x100000 8192 rw file' ]]
	# From the file's third page into the device, and from there into the second, the first one mapped.
	printf abcdefgh | dd of="$FILE" bs=1 seek=8192 conv=notrunc
	"$BUILD/lab/edu" "$EDU" read 0x101000
	"$BUILD/lab/edu" "$EDU" write 0x100008
	[[ $(dd if="$FILE" bs=1 skip=4104 count=8) == abcdefgh ]]
	# The kernel keeps it although it has no name any more; then it is gone.
	rm "$FILE"
	"$BUILD/lab/edu" "$EDU" write 0x100010
	ctl ioas unmap first 0x100000
	[[ -z $(mappings) ]]
}

@test "the page table has the file's own pages, at its offset" {
	head -c 64K /dev/urandom >"$FILE"
	ctl device add "$WIDE"
	ctl ioas map first 4K --iova 0x300000
	ctl ioas map first 16K --file "$FILE" --offset 0x8000 --iova 0x200000 --read
	ctl pasid bind "$WIDE" 42 first
	ctl ioas map first 4K --file "$FILE" --iova 0x400000
	[[ $(mappings) == $'0x200000 16384 r file\n0x300000 4096 rw memfd\n0x400000 4096 rw file' ]]
	ctl ioas map first 64K --file "$FILE" --iova 0x500000
	[[ $(physical 0x200000 0x203000 0x400000) == "$(physical 0x508000 0x50b000 0x500000)" ]]
	[[ $(physical 0x200000 0x203000 0x300000 0x400000 | sort -u | wc -l) == 4 ]]
	[[ $(ctl pasid translate "$WIDE" 42 0x200000 0x400000 -nro access) == $'r\nrw' ]]
	# The holder itself keeps nothing of it.
	[[ -z $(find "/proc/$(holder_pid test)/fd" -lname "$FILE*") ]]
	ctl ioas unmap first --all
	status 6 ctl pasid translate "$WIDE" 42 0x200000
}

@test "a file on hugetlbfs is mapped with huge pages, and one without them is refused" {
	mkdir "$BATS_TEST_TMPDIR/huge"
	mount -t hugetlbfs -o pagesize=2M none "$BATS_TEST_TMPDIR/huge"
	echo 2 >"$POOL"
	[[ $(<"$POOL") == 2 ]]
	truncate -s 8M "$BATS_TEST_TMPDIR/huge/ring"
	ctl device add "$WIDE"
	ctl pasid bind "$WIDE" 42 first
	ctl ioas map first 4M --file "$BATS_TEST_TMPDIR/huge/ring" --iova 0x40000000
	ctl pasid translate "$WIDE" 42 0x40000000 0x40200000 -o +page_size
	[[ $(($(physical 0x40000000) % 0x200000)) == 0 && $(($(physical 0x40200000) % 0x200000)) == 0 ]]
	[[ $(($(physical 0x401ff000) - $(physical 0x40000000))) == $((0x1ff000)) ]]
	# The pool has no more.
	status 1 ctl ioas map first 4M --file "$BATS_TEST_TMPDIR/huge/ring" --offset 4M --iova 0x80000000
	says IOMMU_IOAS_MAP_FILE
	[[ $(mappings) == '0x40000000 4194304 rw file' ]]
	ctl ioas unmap first --all
	rm "$BATS_TEST_TMPDIR/huge/ring"
}

@test "what is no such file is refused, with the reason" {
	truncate -s 8K "$FILE"
	# On 9p.
	status 1 ctl ioas map first 4K --file "$IOASIDCTL" --read
	says "ioasidctl: $IOASIDCTL: it is not in memory, so that its pages cannot be pinned"
	says 'hint: the kernel maps memfds and files on tmpfs'
	status 2 ctl ioas map first 4K --file "$BATS_TEST_TMPDIR"
	says 'is not a regular file'
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	status 2 ctl ioas map first 4K --file "$BATS_TEST_TMPDIR/fifo"
	status 2 ctl ioas map first 4K --file /dev/zero
	status 1 ctl ioas map first 4K --file "$FILE.none"
	status 2 ctl ioas map first 12K --file "$FILE"
	says "ioasidctl: $FILE: it ends before what is to be mapped: it has 8K"
	status 2 ctl ioas map first 8K --file "$FILE" --offset 4K
	status 2 ctl ioas map first 4K --file "$FILE" --offset 100
	says 'ioasidctl: 100: it is not a multiple of the page size, 4096'
	status 2 ctl ioas map first 4K --offset 4K
	status 2 ctl ioas map first 4K --file "$FILE" --offset 4X
	[[ -z $(mappings) ]]
}

@test "a sealed file is only mapped for devices to read" {
	local python

	python='
import fcntl, os, subprocess, sys
fd = os.memfd_create("sealed", os.MFD_ALLOW_SEALING)
os.ftruncate(fd, 8192)
fcntl.fcntl(fd, fcntl.F_ADD_SEALS, int(sys.argv[2], 0))
path = f"/proc/{os.getpid()}/fd/{fd}"
sys.exit(subprocess.run([sys.argv[1], "ioas", "map", "first", "8K", "--iova", "0x100000", "--file", path, *sys.argv[3:]]).returncode)
'
	# F_SEAL_FUTURE_WRITE; the file can still be opened for writing, as those sealed with F_SEAL_WRITE can.
	status 4 python3 -c "$python" "$IOASIDCTL" 0x10
	says 'it is sealed against writes, and devices could write to it'
	status 0 python3 -c "$python" "$IOASIDCTL" 0x10 --read
	[[ $(mappings) == '0x100000 8192 r file' ]]
	ctl ioas unmap first --all
	# Against truncation.
	status 0 python3 -c "$python" "$IOASIDCTL" 6
	[[ $(mappings) == '0x100000 8192 rw file' ]]
}

@test "a dry run has the file too, and maps nothing" {
	truncate -s 8K "$FILE"
	ctl device add "$WIDE"
	ctl pasid bind "$WIDE" 42 first
	[[ $(ctl ioas map first 4K --file "$FILE" --offset 4K --iova 0x100000 --read --dry-run) == \
		'ioctl IOMMU_IOAS_MAP_FILE ioas '*' offset 0x1000 size 0x1000 iova 0x100000 read' ]]
	status 2 ctl ioas map first 16K --file "$FILE" --dry-run
	[[ -z $(mappings) ]]
	status 6 ctl pasid translate "$WIDE" 42 0x100000
}

@test "what the kernel refuses is undone: nothing is recorded, and the next one is mapped" {
	truncate -s 8K "$FILE"
	ctl ioas map first 4K --iova 0x100000
	status 1 ctl ioas map first 4K --file "$FILE" --iova 0x100000
	says 'something is already mapped there'
	[[ $(mappings) == '0x100000 4096 rw memfd' ]]
	ctl ioas map first 4K --file "$FILE" --iova 0x101000
	ctl ioas free first
}

@test "root maps a file into another user's context, and a user his own" {
	local node

	node=/dev/vfio/devices/$(ctl device show "$WIDE" -nr -o vfio_cdev)
	chown 1000 /dev/iommu "$node"
	at_home ioasidctl context create theirs
	at_home ioasidctl -c theirs ioas alloc first
	truncate -s 8K "$FILE"
	ctl -c 1000:theirs ioas map first 4K --file "$FILE" --iova 0x100000
	status 4 at_home ioasidctl -c theirs ioas map first 4K --file "$FILE"
	says 'Permission denied'
	says 'hint: with --read and without --write'
	at_home ioasidctl -c theirs ioas map first 4K --file "$FILE" --iova 0x200000 --read
	IOASIDCTL_CONTEXT=1000:theirs
	[[ $(mappings) == $'0x100000 4096 rw file\n0x200000 4096 r file' ]]
	at_home ioasidctl context destroy theirs
	chown root /dev/iommu "$node"
}

@test "clients that send descriptors, and do not read, cost the holder so much and no more" {
	local python

	python='
import json, os, socket, subprocess, sys
path, pid, program, device = sys.argv[1:]
count = lambda: len(os.listdir(f"/proc/{pid}/fd"))
def connect():
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    return s
def call(method, **parameters):
    return json.dumps({"method": "org.ioasidctl.Context." + method, "parameters": parameters}).encode() + b"\0"
before, most, ended = count(), 0, 0
fds = [os.open("/dev/null", os.O_RDONLY)] * 253
clients = [connect() for _ in range(10)]
for i in range(60):
    for j, s in enumerate(clients):
        try:
            socket.send_fds(s, [b" " if j % 2 else call("Describe")], fds, socket.MSG_DONTWAIT)
        except OSError:
            ended += 1
            s.close()
            clients[j] = connect()
    most = max(most, count())
print("descriptors:", most - before < 256 + 10 * 254 + 64)
print("some were disconnected:", ended > 0)
for s in clients:
    s.close()
wide = {"name": device}
def ranges(first):
    return [{"lo": first + 2 * n, "hi": first + 2 * n} for n in range(2048)]
binder = connect()
for first in range(1, 16384, 4096):
    binder.sendall(call("BindPasids", device=wide, pasid=ranges(first), target={"name": "first"}))
    while not binder.recv(1 << 20).endswith(b"\0"):
        pass
plan = call("UnbindPasids", device=wide, all=True, dry_run=True)
hoarders = [connect() for _ in range(60)]
for s in hoarders:
    s.sendall(plan)
print("others are served:", subprocess.run([program, "ioas", "list"], stdout=subprocess.DEVNULL, timeout=60).returncode)
refused = 0
for s in hoarders:
    data = b""
    while not data.endswith(b"\0"):
        data += s.recv(1 << 20)
    refused += b"LimitReached" in data
print("some had no room:", 0 < refused < 40)
'
	ctl device add "$WIDE"
	status 0 python3 -c "$python" /run/ioasidctl/test.sock "$(holder_pid test)" "$IOASIDCTL" "$WIDE"
	[[ $output == $'descriptors: True\nsome were disconnected: True\nothers are served: 0\nsome had no room: True' ]]
	[[ -z $(mappings) ]]
}
