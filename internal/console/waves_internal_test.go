package console

import (
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

// Twilio puts the sides of a call on either channel.
func TestChannelsHaveOneOrderAndTheNamesOfTheTranscript(t *testing.T) {
	on := func(channel int, speaker interview.Speaker) interview.Utterance {
		return interview.Utterance{RecordingSid: "RE1", Channel: channel, Speaker: speaker}
	}
	two := interview.Waveform{RecordingSid: "RE1", Peaks: [][]byte{{10}, {200}}}
	for _, c := range []struct {
		w     interview.Waveform
		said  []interview.Utterance
		names string
		first byte // the channel that is on top, from 1
	}{
		{two, []interview.Utterance{on(1, interview.SpeakerAgent), on(2, interview.SpeakerCallee)}, "agent, person", 1},
		{two, []interview.Utterance{on(2, interview.SpeakerAgent), on(1, interview.SpeakerCallee)}, "agent, person", 2},
		{two, []interview.Utterance{on(2, interview.SpeakerAgent)}, "agent, person", 2},
		{two, []interview.Utterance{on(2, interview.SpeakerUnknown)}, "channel 1, channel 2", 1},
		{interview.Waveform{RecordingSid: "RE1", Peaks: [][]byte{{10}}}, nil, "both sides", 1},
	} {
		drawn, missing := waves(c.w, interview.Recording{Sid: "RE1"}, c.said)
		var names []string
		for _, w := range drawn {
			names = append(names, w.label)
		}
		if got := strings.Join(names, ", "); got != c.names || missing != "" || drawn[0].path != wavePath(c.w.Peaks[c.first-1], waveHeight/2) {
			t.Errorf("%v: %s, %s; on top %s", c.said, got, missing, drawn[0].path)
		}
	}
	if got := speakerWords(on(2, interview.SpeakerUnknown)); got != "channel 2" {
		t.Errorf("the transcript says %q", got)
	}
}
