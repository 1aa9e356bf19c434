# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps: generated at random, and printed as shell commands."""
import random

# PASIDs of 20 bits, of 20, of 8; none; two functions that share a group.
WIDTH = {'0000:00:10.0': 20, '0000:00:13.0': 20, '0000:00:11.0': 8, '0000:00:12.0': 0,
         '0000:03:01.0': 0, '0000:03:02.0': 0}
NOWHERE = '0000:7f:00.0'
# Contexts and their owners: root and another user.
CONTEXTS = {'one': 0, 'two': 0, 'three': 1000}
RUNTIME = '/run/user/1000'
UNKNOWN = 4000
NAMES = ['red', 'blue', 'green', 'a.b_c-1']
BASE = 0x100000
PAGE = 4096
METHODS = {'add': 'AddDevice', 'remove': 'RemoveDevice', 'attach': 'AttachDevice', 'detach': 'DetachDevice',
           'alloc': 'AllocIoas', 'free': 'FreeIoas', 'map': 'MapIoas', 'unmap': 'UnmapIoas', 'hwpt': 'AllocHwpt',
           'unhwpt': 'FreeHwpt', 'bind': 'BindPasids', 'unbind': 'UnbindPasids'}
# Where kernel faults are injected: not while enabling or disabling a device, because ACPICA's error
# path after a failed allocation crashes Linux 7.3.
FAULTED = [do for do in METHODS if do not in ('add', 'remove')]
# Replies with a value that lists cannot confirm: the id or address of a new object.
NUMBERED = ('AddDevice', 'AllocIoas', 'AllocHwpt', 'MapIoas')
WEIGHTS = {'add': 12, 'remove': 3, 'attach': 10, 'detach': 4, 'alloc': 6, 'free': 5, 'map': 8, 'unmap': 5, 'hwpt': 4,
           'unhwpt': 3, 'bind': 25, 'unbind': 12, 'kill': 0.5, 'destroy': 1, 'keep': 1, 'drop': 2}


def sockets(name):
    return f'{RUNTIME if CONTEXTS[name] else "/run"}/ioasidctl/{name}.sock'


class Generator:
    """Chooses the next step: mostly one that can succeed, so that there is some state."""

    def __init__(self, seed, run, faults):
        self.random = random.Random(seed)
        self.run = run
        self.faults = faults
        self.count = 0

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def next(self):
        self.count += 1
        name = self.random.choice([*CONTEXTS])
        context = self.run.world.context.get(name)
        if not context:
            return {'do': 'create', 'context': name}
        step = {'context': name, 'named': self.chance(50)}
        do = self.random.choices(*zip(*WEIGHTS.items()))[0]
        step['do'] = do
        getattr(self, 'make_' + do, lambda *_: None)(context, step)
        if self.faults and do in FAULTED and self.chance(4):
            fault = self.random.randrange(1, 60)
            # In part: any number bound before the fault stay.
            if not step.get('partial'):
                step['fault'] = fault
        elif do in METHODS and METHODS[do] not in NUMBERED and self.chance(4):
            step['vanish'] = True
        return step

    def device(self, context, bound=True):
        """One of the context's devices, occasionally any."""
        own = [a for a, d in context.device.items() if d['id'] is not None or not bound]
        return self.random.choice(own) if own and not self.chance(8) else self.random.choice([*WIDTH, NOWHERE])

    def key(self, context, kinds='ih'):
        """The id of an IOAS (i) or HWPT (h), occasionally of anything or nothing."""
        if self.chance(4):
            return None
        keys = [k for k, n in context.keys.items() if k[0] in kinds and (n in context.ioas or n in context.hwpt)]
        if self.chance(5):
            keys = [*context.keys]
        return self.random.choice(keys) if keys else None

    def name(self):
        return self.random.choice(NAMES) if self.chance(60) else None

    def make_add(self, context, step):
        missing = [a for a in WIDTH if a not in context.device]
        step['device'] = self.random.choice(missing) if missing and not self.chance(10) else self.device(context)
        step['bind'] = not self.chance(10)

    def make_remove(self, context, step):
        step.update(device=self.device(context, bound=False), force=self.chance(60))

    def make_attach(self, context, step):
        step.update(device=self.device(context), target=self.key(context), replace=self.chance(50))

    def make_detach(self, context, step):
        step['device'] = self.device(context)

    def make_alloc(self, _, step):
        step.update(key=f'i{self.count}', name=self.name())

    def make_free(self, context, step):
        step['target'] = self.key(context, 'i')

    def make_map(self, context, step):
        pages = self.random.choice([1, 1, 1, 2, 3, 16])
        step.update(target=self.key(context, 'i'), size=pages * PAGE, read=not self.chance(10),
                    write=not self.chance(20), iova=None, file=None)
        if self.chance(40):
            step['file'] = [self.random.choice([pages, pages + 3]) * PAGE, self.random.choice([0, 0, 0, 1, 2]) * PAGE]
        if self.chance(80):
            step['iova'] = BASE + self.random.randrange(64) * PAGE
        if self.chance(4):
            step['size'] += self.random.choice([1, -1, -step['size']])
        if self.chance(4):
            step['iova'] = BASE + 1

    def make_unmap(self, context, step):
        step.update(target=self.key(context, 'i'), iova=BASE + self.random.randrange(64) * PAGE, length=0)
        maps = context.ioas.get(context.keys.get(step['target']), {}).get('map', {})
        if maps and self.chance(80):
            step['iova'] = self.random.choice([*maps])
        if self.chance(15):
            step['iova'] = None
        elif self.chance(40):
            step['length'] = self.random.randrange(1, 17) * PAGE

    def make_hwpt(self, context, step):
        step.update(key=f'h{self.count}', device=self.device(context), target=self.key(context, 'i'),
                    name=self.name(), pasid=self.chance(70))

    def make_unhwpt(self, context, step):
        step['target'] = self.key(context, 'h')

    def pasids(self, address, among=()):
        end = 1 << WIDTH.get(address, 20) if WIDTH.get(address, 20) else 2
        if among and self.chance(85):
            lo = self.random.choice(sorted(among))
            hi = lo
            while hi + 1 in among and self.chance(70):
                hi += 1
        else:
            lo = self.random.choice([1, 5, 42, 63, 64, 100, 255, 256, self.random.randrange(1, 40), end - 1, end - 2])
            hi = lo + self.random.choice([0, 0, 1, 3, 7, 20])
        if self.chance(2):
            lo = 0
        if self.chance(3):
            hi = end
        hi = max(lo, hi if hi - lo < 64 else lo)
        text = f'{lo}-{hi}' if hi > lo else f'{lo}'
        return f'{text},{hi + 2}' if self.chance(10) else text

    def make_bind(self, context, step):
        address = self.device(context)
        step.update(device=address, target=self.key(context), pasids=self.pasids(address), count=0, partial=self.chance(25))
        if self.chance(20):
            step.update(pasids=None, count=self.random.choice([1, 2, 5, 30, 254]))

    def make_unbind(self, context, step):
        address = self.device(context)
        bound = context.device.get(address, {}).get('pasid', {})
        step.update(device=address, pasids=None if self.chance(15) or len(bound) > 60 else self.pasids(address, bound))


def command(step):
    """A step as a shell command."""
    do, name = step['do'], step.get('context')
    prefix = '' if not CONTEXTS.get(name) else f'XDG_RUNTIME_DIR={RUNTIME} setpriv --reuid=1000 --clear-groups '
    in_context = f'{prefix}ioasidctl -c {name} '
    device_, target = step.get('device'), step.get('target') or UNKNOWN
    named = f" --name {step['name']}" if step.get('name') else ''
    lines = {
        'create': lambda: f'{prefix}ioasidctl context create {name}',
        'destroy': lambda: f'{prefix}ioasidctl context destroy {name} --force',
        'kill': lambda: f"kill -9 \"$({prefix}ioasidctl context show {name} -nr -o pid)\"",
        'keep': lambda: f'{prefix}ioasidctl context exec {name} -- sleep inf &',
        'drop': lambda: 'kill %+',
        'add': lambda: f"device add {device_}{'' if step['bind'] else ' --unbound'}",
        'remove': lambda: f"device remove {device_}{' --force' if step['force'] else ''}",
        'attach': lambda: f"device attach {device_} ${target}{' --replace' if step['replace'] else ''}",
        'detach': lambda: f'device detach {device_}',
        'alloc': lambda: f"{step['key']}=$({in_context}ioas alloc{named})",
        'free': lambda: f'ioas free ${target}',
        'map': lambda: f"ioas map ${target} {step['size']}" +
                       (f" --iova {step['iova']:#x}" if step['iova'] is not None else '') +
                       (f" --file /dev/shm/{step['file'][0]} --offset {step['file'][1]}" if step.get('file') else ''),
        'unmap': lambda: f'ioas unmap ${target} ' +
                         (f"{step['iova']:#x}" if step['iova'] is not None else '--all') +
                         (f" --length {step['length']}" if step['length'] else ''),
        'bind': lambda: f"pasid bind {device_} {step['pasids'] or 'auto --count ' + str(step['count'])} ${target}" +
                        (' --partial' if step['partial'] else ''),
        'unbind': lambda: f"pasid unbind {device_} {step['pasids'] or 'all'}",
        'hwpt': lambda: f"{step['key']}=$(varlinkctl call {sockets(name)} org.ioasidctl.Context.AllocHwpt '" +
                        f'{{"device":{{"name":"{device_}"}},"ioas":{{"id":\'${target}\'}},' +
                        f'"pasid":{str(step["pasid"]).lower()}}}' + "' | jq .hwpt.id)",
        'unhwpt': lambda: f"varlinkctl call {sockets(name)} org.ioasidctl.Context.FreeHwpt " +
                          f"'{{\"hwpt\":{{\"id\":'${target}'}}}}'",
    }
    line = lines[do]()
    if not line.startswith((prefix + 'ioasidctl', 'kill', 'varlinkctl')) and '=$(' not in line:
        line = in_context + line
    notes = [f"the kernel fails at its place {step['fault']}"] if step.get('fault') else []
    notes += ['the client leaves without waiting for the reply'] if step.get('vanish') else []
    return line + (f"    # {', '.join(notes)}" if notes else '')
