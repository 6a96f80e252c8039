/** One mailing on screen: what is stored, what was typed since, and its faults. */
import { computed, onScopeDispose, reactive, shallowRef, watch } from 'vue'
import { newKey } from '@/api/client'
import { ApiProblem } from '@/api/problem'
import { changeMailing, checkTexts, createMailing, showMailing, type Attached, type Fault, type Mailing, type MailingFields, type Segment } from './api'
import { readAddresses } from './filters'

/** Milliseconds after the last key until the texts are checked. */
const PAUSE = 400

export function useMailing(language: 'zh' | 'en') {
  const form = reactive({ name: '', account: '', language, subject: '', text: '', html: '', files: [] as Attached[], segments: [] as Segment[], addresses: '' })
  const stored = shallowRef<Mailing | null>(null)
  const faults = shallowRef<Fault[]>([])
  const written = shallowRef('')
  const key = newKey()
  let timer: ReturnType<typeof setTimeout> | undefined

  function fields(): MailingFields {
    const { files, addresses, ...rest } = form
    return { ...rest, attachments: files.map((file) => file.id), addresses: readAddresses(addresses) }
  }
  const changed = computed(() => stored.value !== null && JSON.stringify(fields()) !== written.value)

  function show(mailing: Mailing) {
    stored.value = mailing
    const { name, account, language: lang, subject, text, html, files } = mailing
    Object.assign(form, { name, account, language: lang, subject, text, html, files, segments: mailing.segments as Segment[], addresses: mailing.addresses.join('\n') })
    written.value = JSON.stringify(fields())
  }

  const load = async (id: string) => show(await showMailing(id))
  async function save(): Promise<Mailing> {
    const before = stored.value
    show(before ? await changeMailing(before.id, before.revision, fields()) : await createMailing(fields(), key))
    return stored.value as unknown as Mailing
  }

  async function check() {
    try {
      faults.value = await checkTexts({ subject: form.subject, text: form.text, html: form.html })
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      faults.value = []
    }
  }

  watch(() => [form.subject, form.text, form.html], () => {
    clearTimeout(timer)
    timer = setTimeout(() => void check(), PAUSE)
  })
  onScopeDispose(() => clearTimeout(timer))

  const of = (part: string) => faults.value.filter((fault) => fault.part === part)
  return { form, stored, faults, of, changed, load, save }
}
