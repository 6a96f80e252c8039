/** The first message of a conversation: written, kept as a draft, sent once, and taken back while that is possible. */
import { computed, ref, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { newKey } from '@/api/client'
import { ApiProblem } from '@/api/problem'
import { useSession } from '@/api/session'
import type { Conversation, DraftFields } from '@/api/types'
import { tell } from '@/kit/notify'
import { offer } from '@/kit/offer'
import { writeTo, type WriteTo } from '@/kit/writing'
import { faultAt, problemText } from '@/words/problem'
import { cancelMessage, listMessages, saveDraft } from '../api'
import type { DraftKind } from '../composer/drafts'
import { addressesOf, asked, keptOptions, noOptions } from '../composer/options'
import { useServerDraft } from '../composer/useServerDraft'
import { useUploads } from '../composer/useUploads'
import { listSendingAccounts, startConversation, type SendingAccount } from './api'
import { wrongOnes } from './receivers'

export function useStart(whom: WriteTo) {
  const { t } = useI18n()
  const router = useRouter()
  const { user } = useSession()
  const texts = ref<Record<DraftKind, string>>({ reply: '', note: '' })
  const options = shallowRef(noOptions())
  const account = ref('')
  const uploads = useUploads()
  const accounts = shallowRef<SendingAccount[] | null>(null)
  const problem = shallowRef<ApiProblem | null>(null)
  const busy = ref(false)
  const { state, begun } = useServerDraft(user.value?.id ?? '', '', { texts, kind: ref<DraftKind>('reply'), files: uploads.files, options, account })
  const from = computed(() => accounts.value?.find((one) => one.id === account.value) ?? accounts.value?.[0] ?? null)
  /** A message to somebody else waits unsent: it is shown as it is, never mixed with the one that was asked for. */
  const other = ref(false)
  let key = newKey()

  async function load(): Promise<void> {
    problem.value = null
    try {
      const [found] = await Promise.all([listSendingAccounts(), begun])
      accounts.value = found
      if (whom.to) settleReceiver(whom.to)
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      problem.value = trouble
    }
  }

  function settleReceiver(to: string): void {
    const untouched = !texts.value.reply && uploads.files.value.length === 0 && !options.value.to
    if (untouched) options.value = { ...options.value, to }
    else other.value = !options.value.to.includes(to)
  }

  function anew(): void {
    texts.value.reply = ''
    uploads.take()
    options.value = { ...noOptions(), to: whom.to ?? '' }
    other.value = false
  }

  const wrong = (text: string): string => {
    const ones = from.value ? wrongOnes(text, from.value.channel) : []
    return ones.length > 0 ? t('start.wrong', { which: ones.join(', ') }) : ''
  }

  const fieldError = (field: string): string => faultAt(problem.value, field)

  /** What goes to the hub; fixed when *send* is pressed. */
  function message(sender: SendingAccount) {
    const { subject, cc, bcc, ...more } = asked(options.value)
    return {
      ...more,
      channel: sender.channel, account: sender.id, to: addressesOf(options.value.to), text: texts.value.reply,
      attachments: uploads.files.value.map((file) => file.id),
      ...(sender.subject && subject ? { subject } : {}),
      ...(sender.cc ? { ...(cc ? { cc } : {}), ...(bcc ? { bcc } : {}) } : {}),
      ...(whom.record && !other.value ? { records: [whom.record] } : {}),
    }
  }

  /** True when the hub has it. After a lost answer the same key makes no second conversation. */
  async function send(): Promise<boolean> {
    if (!from.value) return false
    const written: DraftFields = { reply: texts.value.reply, files: uploads.files.value.map((file) => file.id), ...keptOptions(options.value), account: account.value || null }
    const who = options.value.to.replace(/[,;\s]+$/, '')
    const planned = options.value.sendAt !== ''
    busy.value = true
    problem.value = null
    try {
      const begunNow = await startConversation(message(from.value), key)
      texts.value.reply = ''
      uploads.take()
      options.value = noOptions()
      void follow(begunNow, written, t(planned ? 'start.planned' : 'start.sent', { who }))
      return true
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      problem.value = trouble
      if (trouble.status >= 400 && trouble.status < 500) key = newKey()
      return false
    } finally {
      busy.value = false
    }
  }

  /** Goes to the new conversation; while its message waits, it can be taken back and is a draft again. */
  async function follow(conversation: Conversation, written: DraftFields, words: string): Promise<void> {
    await router.push(`/inbox/${conversation.id}`)
    const stored = (await listMessages(conversation.id, null, 1).catch(() => null))?.items.at(-1)
    const waits = stored?.delivery?.next_at && new Date(stored.delivery.next_at).getTime() > Date.now()
    if (stored && waits) offer(words, t('composer.undo'), () => takeBack(stored.id, written))
    else tell(words, 'success')
  }

  async function takeBack(id: string, written: DraftFields): Promise<void> {
    try {
      await cancelMessage(id)
      await saveDraft('', written)
      writeTo()
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      tell(trouble.status === 409 ? t('composer.tooLate') : problemText(trouble), 'warning')
    }
  }

  return { texts, options, account, accounts, from, uploads, state, problem, busy, other, load, anew, wrong, fieldError, send }
}
