/** Believable conversations and messages for tests. */
import type { Conversation, Delivery, Message } from '@/api/types'

export function conversation(part: Partial<Conversation> = {}): Conversation {
  return {
    id: 'c1', state: 'open', queue: 'general', assignee: null, subject: '安装时间确认', channels: ['email'],
    parties: [{ kind: 'contact', id: 'p1', name: '李娜', address: 'li.na@example.cn' }],
    records: [], tags: [], preview: '请问周五可以上门安装吗？', last_at: '2026-11-23T08:00:00Z', last_seq: 10, message_count: 1,
    waiting_since: '2026-11-23T08:00:00Z', snoozed_until: null, created_at: '2026-11-23T08:00:00Z', revision: 1, ...part,
  }
}

export function message(part: Partial<Message> = {}): Message {
  return {
    id: 'm1', seq: 10, conversation: 'c1', channel: 'email', account: 'support', direction: 'inbound', kind: 'message',
    author: { kind: 'contact', id: 'p1', name: '李娜', address: 'li.na@example.cn' }, to: [], cc: [], subject: '安装时间确认',
    text: '请问周五可以上门安装吗？', attachments: [], external_id: '<1@example.cn>', reply_to: null,
    joined_because: { reason: 'opened', detail: '' }, delivery: null, at: '2026-11-23T08:00:00Z', stored_at: '2026-11-23T08:00:01Z',
    has_html: false, automatic: false, correlation: null, revision: 1, ...part,
  }
}

export function delivery(state: Delivery['state']): Delivery {
  return { state, reason: null, attempts: 1, next_at: null, sent_at: null }
}
