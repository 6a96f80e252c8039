/** Two short tones, made here: no file is fetched. A browser that has not been clicked in yet stays silent. */
let context: AudioContext | null = null

export function chime(): void {
  context ??= new AudioContext()
  const audio = context
  void audio.resume()
  for (const [at, pitch] of [[0, 660], [0.16, 880]] as const) {
    const tone = audio.createOscillator()
    const volume = audio.createGain()
    const begin = audio.currentTime + at
    tone.frequency.value = pitch
    volume.gain.setValueAtTime(0.0001, begin)
    volume.gain.exponentialRampToValueAtTime(0.12, begin + 0.02)
    volume.gain.exponentialRampToValueAtTime(0.0001, begin + 0.15)
    tone.connect(volume).connect(audio.destination)
    tone.start(begin)
    tone.stop(begin + 0.16)
  }
}
