import { get, patch, post, put } from '@/api/client'
import type { components } from '@/api/schema'
import type { Page } from '@/api/types'

type Schemas = components['schemas']
export type Sheet = Schemas['SheetOut']
export type Score = Schemas['ScoreOut']
export type Average = Schemas['AverageOut']
export interface CriterionFields { en: string; zh: string; weight: number; most: number }

export const listSheets = async () => (await get<Page<Sheet>>('/api/score-sheets')).items
export const makeSheet = (en: string, zh: string, criteria: CriterionFields[], key: string) => post<Sheet>('/api/score-sheets', { body: { en, zh, criteria }, key })
export const activateSheet = (id: string, active: boolean) => patch<Sheet>(`/api/score-sheets/${id}`, { body: { active } })
export const scoreCall = (call: string, sheet: string, points: Record<string, number>, note: string) =>
  put<Score>(`/api/calls/${call}/scores/${sheet}`, { body: { points, note } })
export const scoresOf = async (call: string) => (await get<Page<Score>>(`/api/calls/${call}/scores`)).items
export const listMyScores = async () => (await get<Page<Score>>('/api/me/scores')).items
export const commentOn = (score: string, text: string) => post<Score>(`/api/scores/${score}/comments`, { body: { text } })
export const listAverages = async () => (await get<Page<Average>>('/api/scores/averages')).items

/** In the reader's language. */
export const named = (one: { en: string; zh: string }, locale: string): string => (locale.startsWith('zh') ? one.zh : one.en)
