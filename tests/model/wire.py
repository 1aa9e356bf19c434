# SPDX-License-Identifier: GPL-2.0-or-later
"""A holder's socket, and what the kernel itself shows."""
import array
import json
import os
import re
import socket

import interface
from state import INTERFACE

TABLE = '/sys/kernel/debug/iommu/intel/dmar_translation_struct'
REPLY_MAX = 8 << 20


class Refused(Exception):
    """An error reply: its name without the interface, and its parameters."""

    def __init__(self, name, parameters):
        super().__init__(f'{name} {json.dumps(parameters)}')
        self.name = name.removeprefix(INTERFACE)
        self.parameters = parameters


class Holder:
    """A connection. Waits up to 60 s for a reply: a holder that takes longer has failed."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(60)
        self.socket.connect(path)
        self.pending = b''
        self.method = None
        self.fds = []

    def close(self):
        self.socket.close()

    def send(self, method, parameters, more=False):
        """A parameter "file" is the size of one that is made for the call and goes with it."""
        call = {'method': INTERFACE + method, 'parameters': parameters}
        self.method = method
        if more:
            call['more'] = True
        if 'file' not in parameters:
            self.socket.sendall(json.dumps(call).encode() + b'\0')
            return
        call['parameters'] = {**parameters, 'file': 0}
        fd = os.memfd_create('model')
        os.ftruncate(fd, parameters['file'])
        data = json.dumps(call).encode() + b'\0'
        self.socket.sendall(data[socket.send_fds(self.socket, [data], [fd]):])
        os.close(fd)

    def receive(self):
        while b'\0' not in self.pending:
            data, control, _, _ = self.socket.recvmsg(1 << 16, socket.CMSG_SPACE(4 * 253))
            for _, _, raw in control:
                fds = array.array('i')
                fds.frombytes(raw[:len(raw) - len(raw) % 4])
                self.fds += fds
            if not data or len(self.pending) > REPLY_MAX:
                raise ConnectionError('the holder closed the connection')
            self.pending += data
        reply, _, self.pending = self.pending.partition(b'\0')
        reply = json.loads(reply)
        if 'error' in reply:
            refused = Refused(reply['error'], reply.get('parameters') or {})
            if reply['error'].startswith(INTERFACE):
                interface.INTERFACE.check_error(refused.name, refused.parameters)
            raise refused
        interface.INTERFACE.check_reply(self.method, reply.get('parameters', {}))
        return reply

    def call(self, method, **parameters):
        self.send(method, parameters)
        return self.receive().get('parameters', {})

    def bindings(self, device=None):
        """All entries of ListBindings, in order."""
        self.send('ListBindings', {'device': {'name': device}} if device else {}, more=True)
        entries = []
        while True:
            reply = self.receive()
            entries += reply['parameters']['binding']
            if not reply.get('continues'):
                return entries


def table():
    """{device: {pasid: domain id}} of the IOMMU's own tables; PASID 0 is the device's own requests."""
    entries = {}
    with open(TABLE, encoding='ascii') as f:
        for line in f:
            words = line.split()
            if len(words) != 5 or not re.fullmatch(r'[0-9a-f]+:[0-9a-f]+\.[0-7]', words[0]):
                continue
            middle = int(words[4].split(':')[1], 16)
            entries.setdefault('0000:' + words[0], {})[int(words[3])] = middle & 0xffff
    return entries


def pages(address, pasid):
    """{page of IOVA: writable} of the page table of a device's PASID; None if debugfs has none."""
    folder = f'/{pasid:x}' if pasid else ''
    found = {}
    try:
        with open(f'/sys/kernel/debug/iommu/intel/{address}{folder}/domain_translation_struct', encoding='ascii') as f:
            for line in f:
                if '|' in line:
                    words = line.split()
                    found[int(words[0], 16)] = bool(int(words[-1], 16) & 2)
    except FileNotFoundError:
        return None
    return found


def fail_nth(pid, n):
    """Makes the N-th failure site in the next system call of each thread of PID fail; 0: none."""
    for task in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{task}/fail-nth', 'w', encoding='ascii') as f:
            f.write(str(n))


def device(address):
    """A device in sysfs: path, group, cdev."""
    path = os.path.realpath('/sys/bus/pci/devices/' + address)
    nodes = os.listdir(path + '/vfio-dev')
    return {'path': path, 'cdev': nodes[0],
            'group': int(os.path.basename(os.readlink(path + '/iommu_group')))}
