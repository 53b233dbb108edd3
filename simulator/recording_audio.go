package simulator

import (
	"time"

	"github.com/i-agent/iagent/simulator/internal/audio"
)

// wordGap is the silence between two words.
const wordGap = 60 * time.Millisecond

// file copies what the recording's media is made of, so that the media is made without holding up the calls; its caller
// holds mu.
func (r *recording) file(channels int) audio.File {
	f := audio.File{Sid: r.sid, Length: r.length()}
	if r.empty {
		f.Length = 0
	}
	for i := range channels {
		channel := audio.Channel{}
		if channels == 2 {
			channel.Number = i + 1
		}
		for _, speaker := range r.speakers(channel.Number) {
			pitch := audio.Low
			if speaker == Person {
				pitch = audio.High
			}
			for _, line := range r.heard(speaker) {
				for _, w := range line.words {
					channel.Tones = append(channel.Tones, audio.Tone{Pitch: pitch, From: w.start.Sub(r.started), To: w.end.Sub(r.started) - wordGap})
				}
			}
		}
		f.Channels = append(f.Channels, channel)
	}
	return f
}
