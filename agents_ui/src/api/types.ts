/**
 * The nouns of the outside contract, by the names the console uses. Their shapes come from the hub's own description
 * (`npm run api` writes `schema.d.ts`); what is written by hand here is only what that description leaves open.
 */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export interface Page<T> {
  items: T[]
  next: string | null
}

export type Conversation = Schemas['ConversationOut']
export type ConversationState = Conversation['state']
export type ConversationChange = Partial<Schemas['ConversationPatch']>
export type Party = Schemas['Party']
export type PersonRef = Schemas['PersonRef']
export type FileRef = Schemas['FileOut']
export type Delivery = Schemas['DeliveryOut']
export type NewMessage = Pick<Schemas['NewMessage'], 'kind' | 'text' | 'attachments'> & { text: string; attachments: string[] }

/** What the mail channel says of a message; an open place in the description. */
export interface MailPart {
  kind?: 'normal' | 'bounce' | 'auto_reply' | 'calendar' | 'report'
}

export type Message = Omit<Schemas['MessageOut'], 'mail'> & { mail?: MailPart }

export type User = Schemas['UserOut']
export type SignedIn = Schemas['SignedIn']
export type Me = Schemas['Me']
export type Presence = Schemas['PresenceOut']
export type PresenceState = Presence['state']

export type Account = Schemas['AccountHealth']
export type QuarantineEntry = Schemas['QuarantinedOut']
