# SPDX-License-Identifier: GPL-2.0-or-later
"""
The expected state of contexts. Each operation first returns the errors it must meet (none: it must
succeed); after success it updates the state, which may be a copy by then. An unread reply is None.

If two errors apply, either may be returned, so the errors of an operation are a set.
"""
PAGE = 4096
INTERFACE = 'org.ioasidctl.Context.'


class Disagreement(Exception):
    """The program or the kernel differs from the model."""


def equal(what, found, wanted):
    if found != wanted:
        if isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
            found, wanted = zip(*[pair for pair in zip(found, wanted) if pair[0] != pair[1]])
        raise Disagreement(f'{what}: found {found!r}, wanted {wanted!r}')


class Context:
    """One context: devices by address, IOASes and HWPTs by id."""

    def __init__(self, world, name, uid):
        self.world = world
        self.name = name
        self.uid = uid
        self.device = {}  # in the order in which they were added
        self.ioas = {}
        self.hwpt = {}
        self.keys = {}  # objects created, by the operation's key
        self.given = False  # its fds were sent to this process

    # What follows from the state.

    def group(self, address):
        """The devices of DEVICE's IOMMU group that are in the context, DEVICE first."""
        number = self.world.hardware[address]['group']
        others = [a for a in self.device if a != address and self.world.hardware[a]['group'] == number]
        return ([address] if address in self.device else []) + others

    def sibling(self, address):
        for other in self.group(address):
            if other != address and self.device[other]['attached']:
                return other
        return None

    def automatic(self, address, ioas):
        number = self.world.hardware[address]['group']
        for hwpt in self.hwpt.values():
            if hwpt['automatic'] and hwpt['ioas'] == ioas and hwpt['group'] == number:
                return hwpt['id']
        return None

    def hwpt_users(self, hwpt):
        return sum((d['attached'] is not None and d['attached'][1] == hwpt) +
                   sum(h == hwpt for h in d['pasid'].values()) for d in self.device.values())

    def ioas_users(self, ioas):
        users = 0
        for hwpt in self.hwpt.values():
            if hwpt['ioas'] == ioas:
                users += self.hwpt_users(hwpt['id']) + (not hwpt['automatic'])
        return users + sum(d['attached'] == (ioas, None) for d in self.device.values())

    def names(self):
        return {o['name'] for o in [*self.ioas.values(), *self.hwpt.values()] if o['name']}

    def ids(self):
        return {*self.ioas, *self.hwpt, *(d['id'] for d in self.device.values() if d['id'] is not None)}

    def target(self, number):
        """(IOAS, HWPT or None) for an IOAS's or HWPT's id; None if it is neither."""
        if number in self.ioas:
            return number, None
        if number in self.hwpt:
            return self.hwpt[number]['ioas'], number
        return None

    def reference(self, number):
        """An IOAS or HWPT as replies refer to it."""
        return {'id': number, 'name': {**self.ioas, **self.hwpt}[number]['name']}

    # Automatic HWPTs: the kernel chooses their ids, so a new one is None until it is listed.

    def get_automatic(self, address, ioas):
        found = self.automatic(address, ioas)
        if found is None:
            found = self.world.unlisted()
            self.hwpt[found] = {'id': found, 'name': None, 'ioas': ioas, 'device': address, 'pasid': True,
                                'group': self.world.hardware[address]['group'], 'automatic': True}
        return found

    def put_automatic(self, hwpt):
        if hwpt in self.hwpt and self.hwpt[hwpt]['automatic'] and not self.hwpt_users(hwpt):
            del self.hwpt[hwpt]

    def adopt(self, listed):
        """Set the ids of automatic HWPTs from the holder's list."""
        for hwpt in [h for h in self.hwpt.values() if h['id'] < 0]:
            numbers = [n for n, ioas, device in listed
                       if ioas == hwpt['ioas'] and n not in self.hwpt and
                       self.world.hardware[device]['group'] == hwpt['group']]
            if len(numbers) != 1:
                raise Disagreement(f"automatic HWPTs of IOAS {hwpt['ioas']} for {hwpt['device']}: {numbers}")
            old, hwpt['id'] = hwpt['id'], numbers[0]
            self.hwpt[numbers[0]] = self.hwpt.pop(old)
            for device in self.device.values():
                if device['attached'] and device['attached'][1] == old:
                    device['attached'] = (device['attached'][0], numbers[0])
                for pasid, on in device['pasid'].items():
                    if on == old:
                        device['pasid'][pasid] = numbers[0]

    # Operations: (errors, change). CHANGE applies the reply to the state.

    def find_bound(self, address):
        if address not in self.device:
            return {'UnknownObject'}
        return set() if self.device[address]['id'] is not None else {'DeviceNotBound'}

    def new_name(self, name, key, reply, kind):
        number = reply[kind]['id']
        if number in self.ids():
            raise Disagreement(f'{kind} {number} is in use already')
        equal('name', reply[kind]['name'], name)
        self.keys[key] = number
        return number

    def add_device(self, address, bind):
        if address in self.device:
            return {'DeviceInUse'}, None
        if bind and self.world.claimed(address, self):
            return {'KernelError'}, None

        def change(reply):
            equal('device', reply['device'], address)
            if bind and (not isinstance(reply['id'], int) or reply['id'] in self.ids()):
                raise Disagreement(f"device id {reply['id']}")
            if not bind:
                equal('id', reply['id'], None)
            self.device[address] = {'id': reply['id'], 'attached': None, 'pasid': {}}
        return set(), change

    def remove_device(self, address, force):
        if address not in self.device:
            return {'UnknownObject'}, None
        device = self.device[address]
        if not force and (device['pasid'] or device['attached']):
            return {'StillBound'}, None

        def change(_):
            del self.device[address]
            for hwpt in [*self.hwpt]:
                self.put_automatic(hwpt)
        return set(), change

    def attach(self, address, number, replace):
        errors = self.find_bound(address)
        target = self.target(number)
        if target is None:
            errors = errors | {'UnknownObject'}
        if errors:
            return errors, None
        device, sibling = self.device[address], self.sibling(address)
        ioas, hwpt = target

        def same(on):
            if on is None or on[0] != ioas:
                return False
            return on[1] == hwpt if hwpt else on[1] is None or self.hwpt[on[1]]['automatic']
        if same(device['attached']):
            return set(), lambda _: None
        if device['attached'] and not replace:
            errors.add('AlreadyAttached')
        if hwpt and not self.hwpt[hwpt]['pasid'] and any(self.device[a]['pasid'] for a in self.group(address)):
            errors.add('HwptNotForPasids')
        joins = sibling and not device['attached']
        if joins and not same(self.device[sibling]['attached']):
            errors.add('GroupAttached')

        def change(_):
            on = target
            if joins:
                on = self.device[sibling]['attached']
            elif not hwpt and any(self.world.hardware[a]['width'] for a in self.group(address)):
                on = (ioas, self.get_automatic(address, ioas))
            old = self.device[address]['attached']
            # Attached devices of its group move along.
            for other in self.group(address):
                if other == address or self.device[other]['attached']:
                    self.device[other]['attached'] = on
            if old and old[1]:
                self.put_automatic(old[1])
        return errors, change

    def detach(self, address):
        errors = self.find_bound(address)
        if not errors and not self.device[address]['attached']:
            errors = {'NotAttached'}

        def change(_):
            old = self.device[address]['attached']
            self.device[address]['attached'] = None
            if old[1]:
                self.put_automatic(old[1])
        return errors, change

    def alloc_ioas(self, key, name):
        if name in self.names():
            return {'NameInUse'}, None

        def change(reply):
            number = self.new_name(name, key, reply, 'ioas')
            self.ioas[number] = {'id': number, 'name': name, 'map': {}}
        return set(), change

    def free_ioas(self, number):
        if number not in self.ioas:
            return {'UnknownObject'}, None
        if self.ioas_users(number):
            return {'ObjectInUse'}, None
        return set(), lambda _: self.ioas.pop(number)

    def map(self, number, size, iova, read, write, file):
        """FILE is None, or [its size, an offset in it]."""
        errors = set() if number in self.ioas else {'UnknownObject'}
        if size == 0 or not (read or write):
            errors.add('InvalidParameter')
        if size % PAGE or (iova or 0) % PAGE:
            errors.add('NotAligned')
        if file and file[0] < file[1] + size:
            errors.add('UnfitFile')
        if not errors and iova is not None and self.overlaps(number, iova, size):
            errors.add('KernelError')

        def change(reply):
            at = int(reply['iova'], 16)
            if iova is not None:
                equal('iova', at, iova)
            if at % PAGE or self.overlaps(number, at, size):
                raise Disagreement(f'mapped at {at:#x}')
            self.ioas[number]['map'][at] = (size, read, write, 'file' if file else 'memfd')
        return errors, change

    def overlaps(self, number, iova, size):
        return [at for at, (length, *_) in self.ioas[number]['map'].items()
                if at < iova + size and iova < at + length]

    def unmap(self, number, iova, length):
        """Everything without an IOVA; the mapping that begins there without a length."""
        if number not in self.ioas:
            return {'UnknownObject'}, None
        maps = self.ioas[number]['map']
        if iova is None:
            gone = [*maps]
        else:
            size = length or (maps[iova][0] if iova in maps else 0)
            gone = self.overlaps(number, iova, size) if size else []
            if not gone:
                return {'NotMapped'}, None
            if any(at < iova or at + maps[at][0] > iova + size for at in gone):
                return {'PartOfMapping'}, None

        def change(reply):
            if reply is not None:
                equal('length', reply['length'], sum(maps[at][0] for at in gone))
            for at in gone:
                del self.ioas[number]['map'][at]
        return set(), change

    def alloc_hwpt(self, key, address, number, name, pasid):
        errors = self.find_bound(address)
        if number not in self.ioas:
            errors = errors | {'UnknownObject'}
        if name in self.names():
            errors = errors | {'NameInUse'}

        def change(reply):
            hwpt = self.new_name(name, key, reply, 'hwpt')
            self.hwpt[hwpt] = {'id': hwpt, 'name': name, 'ioas': number, 'device': address, 'pasid': pasid,
                               'group': self.world.hardware[address]['group'], 'automatic': False}
        return errors, change

    def free_hwpt(self, number):
        if number not in self.hwpt:
            return {'UnknownObject'}, None
        return ({'ObjectInUse'} if self.hwpt_users(number) else set()), lambda _: self.hwpt.pop(number)

    def used_pasids(self, address):
        """{pasid: hwpt} of DEVICE and its group, which share PASIDs."""
        used = {}
        for other in reversed(self.group(address)):
            used.update(self.device[other]['pasid'])
        return used

    def bind(self, address, pasids, count, number, partial):
        """PASIDS, or the COUNT lowest free ones if it is None; PARTIAL: only those that are free."""
        errors = self.find_bound(address)
        target = self.target(number)
        if target is None:
            errors = errors | {'UnknownObject'}
        if errors:
            return errors, None
        end = 1 << self.world.hardware[address]['width']
        if end == 1:
            return {'NoPasidSupport'}, None
        device, used = self.device[address], self.used_pasids(address)
        ioas, hwpt = target
        short = False
        if pasids is None:
            unused = (p for p in range(1, end) if p not in used)
            pasids = [p for p, _ in zip(unused, range(count))]
            short = len(pasids) < count
            if short and not (partial and pasids):
                errors.add('PasidsExhausted')
        errors |= {'PasidZero'} if 0 in pasids else set()
        errors |= {'PasidTooWide'} if any(p >= end for p in pasids) else set()
        free = [p for p in pasids if p not in used]
        if len(free) < len(pasids) and not (partial and free):
            errors.add('PasidInUse')
        if hwpt and not self.hwpt[hwpt]['pasid']:
            errors.add('HwptNotForPasids')
        rid = address if device['attached'] else self.sibling(address)
        on = self.device[rid]['attached'] if rid else None
        moves = on is not None and not (on[1] and self.hwpt[on[1]]['pasid'])
        if moves and on[0] != ioas:
            errors.add('RidInTheWay')

        def change(reply):
            if moves:
                self.device[rid]['attached'] = (ioas, self.get_automatic(rid, ioas))
                if on[1]:
                    self.put_automatic(on[1])
            serving = hwpt or self.get_automatic(address, ioas)
            for pasid in free:
                self.device[address]['pasid'][pasid] = serving
            if reply is None:
                return
            equal('pasid', reply['pasid'], ranges(free))
            equal('count', reply['count'], len(free))
            equal('taken', reply['taken'], ranges(set(pasids) - set(free)))
            equal('ioas', reply['target']['ioas'], self.reference(ioas))
            if serving > 0:
                equal('hwpt', reply['target']['hwpt'], self.reference(serving))
            failure = reply.get('failure')
            wanted = 'PasidsExhausted' if short else 'PasidInUse' if free != pasids else None
            equal('failure', failure and failure['error'], wanted and INTERFACE + wanted)
        return errors, change

    def unbind(self, address, pasids):
        """PASIDS, or all if it is None."""
        errors = self.find_bound(address)
        if errors:
            return errors, None
        device = self.device[address]
        gone = [*device['pasid']] if pasids is None else pasids
        if any(p not in device['pasid'] for p in gone):
            return {'PasidNotBound', *(['PasidZero'] if 0 in gone else [])}, None

        def change(reply):
            if reply is not None:
                equal('count', reply['count'], len(gone))
            for pasid in gone:
                self.put_automatic(self.device[address]['pasid'].pop(pasid))
        return set(), change

    def binding_ranges(self, address):
        """[(lo, hi, hwpt)]: the expected result of ListBindings for a device."""
        runs = []
        for pasid, hwpt in sorted(self.device[address]['pasid'].items()):
            if runs and runs[-1][1] == pasid - 1 and runs[-1][2] == hwpt:
                runs[-1] = (runs[-1][0], pasid, hwpt)
            else:
                runs.append((pasid, pasid, hwpt))
        return runs


class World:
    """The contexts, the devices, and fds that were handed out."""

    def __init__(self, hardware):
        self.hardware = hardware  # {address: {path, group, cdev, width}}
        self.context = {}
        self.kept = []  # Kept
        self.serial = 0

    def unlisted(self):
        self.serial -= 1
        return self.serial

    def claimed(self, address, context):
        """Is DEVICE or one of its group in another iommufd, or DEVICE kept bound by duplicated fds?"""
        number = self.hardware[address]['group']
        for other in self.context.values():
            if other is not context and any(d['id'] is not None and self.hardware[a]['group'] == number
                                            for a, d in other.device.items()):
                return True
        for kept in self.kept:
            if address in kept.device:
                return True
            if kept.context is not context and any(self.hardware[a]['group'] == number for a in kept.device):
                return True
        return False

    def pasids(self, address):
        """{pasid: (context, hwpt)}: the expected entries of a device in the hardware."""
        owners = [*self.context.values(), *{id(k.context): k.context for k in self.kept}.values()]
        for owner in owners:
            device = owner.device.get(address)
            if not device or device['id'] is None:
                continue
            alive = self.context.get(owner.name) is owner
            if alive or any(k.context is owner and address in k.device for k in self.kept):
                return {p: (id(owner), h) for p, h in device['pasid'].items()}
        return {}


    def rid(self, address):
        """{0: (context, hwpt)} if DEVICE's own requests go through an HWPT of a context."""
        for context in self.context.values():
            attached = context.device.get(address, {}).get('attached')
            if attached and attached[1]:
                return {0: (id(context), attached[1])}
        return {}


class Kept:
    """Duplicates of a context's fds in this process, with the devices that were bound then."""

    def __init__(self, context, fds):
        self.context = context
        self.device = {a for a, d in context.device.items() if d['id'] is not None}
        self.fds = fds


def ranges(pasids):
    """[{lo, hi}]: PASIDs as replies have them."""
    runs = []
    for pasid in sorted(pasids):
        if runs and runs[-1][1] == pasid - 1:
            runs[-1][1] = pasid
        else:
            runs.append([pasid, pasid])
    return [{'lo': lo, 'hi': hi} for lo, hi in runs]
