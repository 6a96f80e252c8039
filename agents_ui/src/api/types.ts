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
/** What an answer may have beside its words. */
export type MessageOptions = Partial<
  Pick<Schemas['NewMessage'], 'subject' | 'to' | 'cc' | 'bcc' | 'reply_all' | 'forward_of' | 'forward_as' | 'send_at' | 'undo'>
>
export type NewMessage = Pick<Schemas['NewMessage'], 'kind'> & { text: string; attachments: string[] } & MessageOptions

/** What the mail channel says of a message; an open place in the description. */
export interface MailPart {
  kind?: 'normal' | 'bounce' | 'auto_reply' | 'calendar' | 'report'
  bounce?: MailBounce
  bounces?: MailBounce[]
  /** `spf`, `dkim`, `dmarc`: the word of the result, or an object with it. */
  authentication?: Record<string, unknown>
  calendar?: MailCalendar
  vcards?: MailCard[]
  /** It was removed at the far side and stays here. */
  gone?: boolean
}

/** Times are ISO: with an offset where the zone is known, else as written; a date alone is a whole day. */
export interface MailCalendar {
  method?: string
  summary?: string
  location?: string
  status?: string
  starts?: string
  ends?: string
  organizer?: { address?: string; name?: string }
  attendees?: { address?: string; name?: string; answer?: string }[]
}

export interface MailCard {
  name?: string
  emails?: string[]
  phones?: string[]
  organisation?: string
  title?: string
}

export interface MailBounce {
  recipient?: string
  status?: string
  permanent?: boolean
}

export type Message = Omit<Schemas['MessageOut'], 'mail'> & { mail?: MailPart }

export type User = Schemas['UserOut']
export type SignedIn = Schemas['SignedIn']
export type Me = Schemas['Me']
export type Presence = Schemas['PresenceOut']
export type PresenceState = Presence['state']

export type Account = Schemas['AccountHealth']
export type AccountSetup = Schemas['AccountOut']
export type ChannelKind = Schemas['ChannelOut']
export type NewAccount = Schemas['NewAccount']
export type QuarantineEntry = Schemas['QuarantinedOut']

export type SavedView = Schemas['ViewOut']
export type Queue = Schemas['QueueOut']
export type Agent = Schemas['AgentOut']
export type Draft = Schemas['DraftOut']
export type DraftMark = Schemas['DraftMark']
export type DraftFields = Partial<Schemas['DraftBody']>
export type CannedAnswer = Schemas['CannedOut']
export type CannedField = Schemas['CannedField']
export type Move = Schemas['MoveOut']
export type Hit = Schemas['Hit']
export type BulkChange = Partial<Schemas['BulkChange']>
export type BulkItem = Schemas['BulkItem']
export type BulkAnswer = Schemas['BulkOut']
export type BulkBody = { ids: string[]; change: BulkChange } | { view: Record<string, unknown>; after: string | null; change: BulkChange }
