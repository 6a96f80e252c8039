/** What the palette and single keys can do to the open conversation. */
import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useSession } from '@/api/session'
import type { Conversation, ConversationChange } from '@/api/types'
import { useCommands, type Command } from '@/kit/commands'
import type { DraftKind } from './composer/drafts'
import { SNOOZES, snoozedUntil } from './snooze'

interface Acts {
  change: (what: ConversationChange) => unknown
  write: (kind: DraftKind) => unknown
  split: () => unknown
  join: () => unknown
}

export function useConversationCommands(conversation: Ref<Conversation | null>, acts: Acts): void {
  const { t } = useI18n()
  const { user } = useSession()
  const closed = computed(() => conversation.value?.state === 'closed')
  const mine = computed(() => conversation.value?.assignee?.id === user.value?.id)

  useCommands(() => {
    if (!conversation.value) return []
    const act = (id: string, words: string, run: () => unknown, keys?: string): Command => ({
      id, words, group: 'act', run, ...(keys ? { keys } : {}),
    })
    return [
      act('reply', t('composer.reply'), () => acts.write('reply'), 'r'),
      act('note', t('composer.note'), () => acts.write('note'), 'n'),
      act('assign', t(mine.value ? 'conversation.giveBack' : 'conversation.assignMe'), () => acts.change({ assignee: mine.value ? null : (user.value?.id ?? null) }), 'a'),
      act('close', t(closed.value ? 'conversation.reopen' : 'conversation.close'), () => acts.change({ state: closed.value ? 'open' : 'closed' }), 'e'),
      ...SNOOZES.map((one) => act(`snooze ${one}`, `${t('conversation.snooze')}: ${t(`snooze.${one}`)}`, () => acts.change({ state: 'snoozed', snoozed_until: snoozedUntil(one) }))),
      act('split', t('moves.split'), acts.split),
      act('join', t('moves.join'), acts.join),
    ]
  })
}
