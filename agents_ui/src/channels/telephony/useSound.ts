/** One sound on screen: plays, seeks before anything is fetched, and stops when another one begins. */
import { onScopeDispose, ref, watch } from 'vue'

let sounding: HTMLAudioElement | null = null

export function useSound(address: string, length: number) {
  const audio = new Audio()
  audio.preload = 'none'
  audio.src = address
  const playing = ref(false)
  const waiting = ref(false)
  const failed = ref(false)
  const at = ref(0)
  const seconds = ref(length)
  const speed = ref(1)

  function seek(to: number) {
    at.value = Math.min(seconds.value, Math.max(0, to))
    if (audio.readyState > 0) audio.currentTime = at.value
  }

  async function play() {
    if (sounding && sounding !== audio) sounding.pause()
    sounding = audio
    failed.value = false
    waiting.value = true
    if (at.value >= seconds.value) seek(0)
    try {
      await audio.play()
    } catch (trouble) {
      failed.value = !(trouble instanceof DOMException && trouble.name === 'AbortError') // paused again meanwhile
    } finally {
      waiting.value = false
    }
  }

  const toggle = () => (playing.value ? audio.pause() : void play())
  const on = (name: string, heard: () => void) => audio.addEventListener(name, heard)
  on('play', () => (playing.value = true))
  on('pause', () => (playing.value = false))
  on('ended', () => (playing.value = false))
  on('loadedmetadata', () => {
    if (Number.isFinite(audio.duration)) seconds.value = audio.duration
    if (at.value > 0) audio.currentTime = at.value
    audio.playbackRate = speed.value
  })
  on('timeupdate', () => (at.value = audio.currentTime))
  watch(speed, (value) => (audio.playbackRate = value))
  onScopeDispose(() => {
    audio.pause()
    audio.removeAttribute('src')
    audio.load()
    if (sounding === audio) sounding = null
  })
  return { playing, waiting, failed, at, seconds, speed, seek, toggle }
}
