# SPDX-License-Identifier: GPL-2.0-or-later
"""The interface's description: what a reply or an error may hold, types and absent members included."""
import pathlib
import re

TEXT = pathlib.Path(__file__).parents[2] / 'src/wire/org.ioasidctl.Context.varlink'
TOKEN = re.compile(r'#[^\n]*|\s+|->|[\w.]+|\[\]|[(){}:,?]')
PLAIN = {
    'int': lambda value: isinstance(value, int) and not isinstance(value, bool),
    'string': lambda value: isinstance(value, str),
    'bool': lambda value: isinstance(value, bool),
    'object': lambda value: isinstance(value, dict),
}


class Violation(Exception):
    """A reply that is not as described."""


class Interface:
    """types, errors, and the parameters (calls) and replies of methods: {name: {member: type}}, a type being a list of tokens."""

    def __init__(self, text):
        self.tokens = [token for token in TOKEN.findall(text) if token.strip() and not token.startswith('#')]
        assert ''.join(self.tokens) == re.sub(r'#[^\n]*|\s+', '', text), 'text that is no token'
        self.at = 0
        self.types, self.errors, self.calls, self.replies = {}, {}, {}, {}
        assert self.next() == 'interface'
        self.next()
        while self.at < len(self.tokens):
            kind, name = self.next(), self.next()
            members = self.members()
            if kind == 'method':
                assert self.next() == '->'
                self.calls[name] = members
                self.replies[name] = self.members()
            else:
                {'type': self.types, 'error': self.errors}[kind][name] = members

    def next(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def members(self):
        found = {}
        assert self.next() == '('
        while (name := self.next()) != ')':
            if name == ',':
                continue
            assert self.next() == ':'
            found[name] = []
            while self.tokens[self.at] not in (',', ')'):
                found[name].append(self.next())
        return found

    def check(self, value, kind, where):
        """VALUE against the type KIND."""
        if kind[0] == '?':
            if value is not None:
                self.check(value, kind[1:], where)
        elif kind[0] == '[]':
            if not isinstance(value, list):
                raise Violation(f'{where}: {value!r} is not an array')
            for item in value:
                self.check(item, kind[1:], where + '[]')
        elif kind[0] in PLAIN:
            if not PLAIN[kind[0]](value):
                raise Violation(f'{where}: {value!r} is not of type {kind[0]}')
        else:
            self.check_members(value, self.types[kind[0]], where)
            if kind[0] == 'Failure':
                self.check_error(value['error'].rpartition('.')[2], value['parameters'])

    def check_members(self, value, members, where):
        if not isinstance(value, dict):
            raise Violation(f'{where}: {value!r} is not an object')
        if unknown := set(value) - set(members):
            raise Violation(f'{where}: the interface does not have {sorted(unknown)}')
        for name, kind in members.items():
            if name in value or kind[0] != '?':
                self.check(value.get(name), kind, f'{where}.{name}')

    def check_reply(self, method, parameters):
        self.check_members(parameters, self.replies[method], method)

    def check_error(self, name, parameters):
        if name not in self.errors:
            raise Violation(f'the interface does not have the error {name}')
        self.check_members(parameters, self.errors[name], name)


INTERFACE = Interface(TEXT.read_text(encoding='utf-8'))
