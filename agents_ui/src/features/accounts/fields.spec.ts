import { expect, it } from 'vitest'
import { changesOf, formOf, valueAt } from './fields'

const words = (en: string) => ({ en, zh: en })
const schema = {
  properties: {
    addresses: { type: 'array', items: { type: 'string' }, title: 'Addresses' },
    smtp_port: { anyOf: [{ type: 'integer', minimum: 1, maximum: 65535 }, { type: 'null' }], default: null },
    password: { anyOf: [{ type: 'string', format: 'password', writeOnly: true }, { type: 'null' }], default: null },
    tls: { enum: ['none', 'starttls', 'tls'], default: 'starttls', type: 'string' },
    mark: { type: 'boolean', default: true },
    wait_s: { type: 'number', default: 60 },
    oauth2: { anyOf: [{ $ref: '#/$defs/OAuth2' }, { type: 'null' }], default: null },
    odd: { type: 'array', items: { type: 'object' } },
  },
  required: ['addresses'],
  $defs: {
    OAuth2: {
      properties: { client_id: { type: 'string' }, client_secret: { type: 'string', format: 'password', writeOnly: true } },
      required: ['client_id', 'client_secret'],
    },
  },
}
const layout = [{ label: words('Sending'), fine: false, fields: [{ name: 'smtp_port', label: words('Port') }, { name: 'unheard_of', label: words('x') }] }]
const fields = formOf(schema, layout).flatMap((section) => section.fields)
const named = (name: string) => fields.find((field) => field.name === name)

it('the form follows the layout and leaves no field out', () => {
  const form = formOf(schema, layout)
  expect(form.map((section) => section.label.en)).toEqual(['Sending', 'More'])
  expect(form[0]?.fields.map((field) => [field.name, field.label.en])).toEqual([['smtp_port', 'Port']])
  expect(fields.map((field) => field.name).sort()).toEqual(
    ['addresses', 'mark', 'oauth2.client_id', 'oauth2.client_secret', 'odd', 'password', 'smtp_port', 'tls', 'wait_s'].sort(),
  )
})

it('each field is of the kind that its schema says', () => {
  const kinds = Object.fromEntries(fields.map((field) => [field.name, field.kind]))
  expect(kinds).toEqual({
    addresses: 'list', smtp_port: 'integer', password: 'secret', tls: 'choice', mark: 'switch', wait_s: 'number', odd: 'unknown',
    'oauth2.client_id': 'text', 'oauth2.client_secret': 'secret',
  })
  expect(named('smtp_port')).toMatchObject({ min: 1, max: 65535, required: false })
  expect(named('tls')).toMatchObject({ choices: ['none', 'starttls', 'tls'], otherwise: 'starttls' })
  expect(named('addresses')?.required).toBe(true)
  expect(named('oauth2.client_id')?.required).toBe(false) // the whole of it may be left out
})

it('only what was touched is sent; empty takes a field away', () => {
  const before = { addresses: ['a@b.example'], smtp_port: 25, tls: 'tls', odd: [{}] }
  const now = { addresses: ['a@b.example'], smtp_port: null, tls: 'none', password: null }
  expect(changesOf(fields, before, now)).toEqual({ smtp_port: null, tls: 'none' })
})

it('a nested model travels whole', () => {
  const before = { oauth2: { client_id: 'old' } }
  const now = { 'oauth2.client_id': 'new', 'oauth2.client_secret': 's' }
  expect(changesOf(fields, before, now)).toEqual({ oauth2: { client_id: 'new', client_secret: 's' } })
  expect(valueAt(before, 'oauth2.client_id')).toBe('old')
  expect(valueAt({}, 'oauth2.client_id')).toBeNull()
})
