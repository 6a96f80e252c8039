import { expect, it } from 'vitest'
import { holds } from './meta'
import { readMeta } from './readMeta'
import { showValue, titleOf } from './show'

const raw = {
  key: 'contact', label: { zh: '联系人', en: 'Contact' }, title: 'name', actions: ['read', 'update'],
  fields: {
    name: { kind: 'text', label: { zh: '姓名', en: 'Name' }, required: true, readonly: false, many: false },
    deal_role: { kind: 'choice', label: { zh: '角色', en: 'Role' }, options: [{ value: 'buyer', label: { zh: '采购者', en: 'Buyer' } }] },
    customer: { kind: 'link', label: { zh: '客户', en: 'Customer' }, links: ['customer'] },
    phones: { kind: 'table', many: true, label: { zh: '电话', en: 'Phones' }, row: { kind: { kind: 'choice' }, number: { kind: 'phone' } } },
    orbit: { kind: 'hologram', label: { zh: '轨道', en: 'Orbit' } },
    parent: { kind: 'text', label: { zh: '上级', en: 'Parent' }, visible_if: { any: [{ field: 'name', eq: 'x' }] } },
  },
  layout: { sections: [{ key: 'main', label: { zh: '基本', en: 'Main' }, fields: ['name', 'hidden', 'phones'] }], list: { columns: ['name', 'phones', 'hidden'] } },
  states: [{ value: 'active', label: { zh: '在职', en: 'Active' } }],
  moves: [{ from: 'active', to: 'left', approval: false }],
}

it('columns and sections hold only fields that the person may read', () => {
  const meta = readMeta(raw)
  expect(meta.list).toEqual(['name', 'phones'])
  expect(meta.sections[0]?.fields).toEqual(['name', 'phones'])
  expect(meta.moves).toEqual([{ from: 'active', to: 'left', approval: false }])
})

it('values show in words: choices, links by their labels, rows by their telling part', () => {
  const { fields } = readMeta(raw)
  expect(showValue(fields.deal_role, 'buyer', 'zh-CN')).toBe('采购者')
  expect(showValue(fields.customer, 'c9', 'en', undefined, { c9: 'Nordwind' })).toBe('Nordwind')
  expect(showValue(fields.phones, [{ id: 'r1', kind: 'mobile', number: '+8613800000000' }], 'en')).toBe('+8613800000000')
})

it('kinds that this console does not know degrade to text', () => {
  const { fields } = readMeta(raw)
  expect(showValue(fields.orbit, { shape: 'round' }, 'en')).toBe('round')
  expect(showValue(undefined, 7, 'en')).toBe('7')
})

it('conditions are data', () => {
  const { fields } = readMeta(raw)
  expect(holds(fields.parent?.visibleIf ?? null, { name: 'x' })).toBe(true)
  expect(holds(fields.parent?.visibleIf ?? null, { name: 'y' })).toBe(false)
  expect(holds(null, {})).toBe(true)
})

it('a record is called by its title field, else its number, else its id', () => {
  expect(titleOf({ id: '1', number: 'CUS000001' })).toBe('CUS000001')
  expect(titleOf({ id: '1', subject: 'Leak' }, 'subject')).toBe('Leak')
  expect(titleOf({ id: '1' })).toBe('1')
})
