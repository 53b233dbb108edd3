package console

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
)

// playerView is a recording with its player, or with the reason why there is none.
type playerView struct {
	recording interview.Recording
	// state says in a word or two what became of the recording, and why in a sentence or two why it cannot be played, "" if it can.
	state, why string
	// audio is the address of the audio, "" for none. It has the opening of the player in it.
	audio   string
	seconds float64
	waves   []wave
	noWave  string // why there is no waveform
	quotes  []stretch
	viewed  bool // by a viewer, who may not listen
	// failed says what was to be done with the recording and failed for good, nil for nothing.
	failed *missing
}

// wave is the drawing of one channel.
type wave struct {
	label, class, path string
}

// stretch is a part of the time, in units of the drawing.
type stretch struct{ from, width string }

// The drawing of a waveform: its width and the height of a channel, in units of its own.
const (
	waveWidth  = 1000
	waveHeight = 60
)

// players are the recordings of a call as somebody of the role may have them.
func (c *Console) players(role Role, v speechView, waveforms map[string]interview.Waveform) []playerView {
	d, opening := v.detail, rand.Text()
	var all []playerView
	for _, r := range d.Recordings {
		p := playerView{recording: r}
		p.state, p.why = recordingState(d.Call, r)
		playable := p.why == ""
		switch p.failed = v.dead(interview.TranscribeRecording, r.Sid); {
		case p.failed != nil && playable && r.TranscribedAt == nil:
			p.state = "not transcribed"
		case r.Status == interview.RecordingDeleted || playable:
			p.failed = nil
		default:
			p.failed = v.dead(interview.DeleteRecording, r.Sid)
		}
		w := waveforms[r.Sid]
		if p.seconds = w.Seconds; p.seconds == 0 && r.Duration != nil {
			p.seconds = float64(*r.Duration)
		}
		switch {
		case !playable:
		case role != Admin:
			p.viewed = true
		default:
			p.audio = c.path("/calls/"+url.PathEscape(d.Call.ID)+"/recordings/"+url.PathEscape(r.Sid)+"/audio") + "?opening=" + opening
			p.waves, p.noWave = waves(w, r, d.Utterances)
			for _, claim := range d.Claims {
				if claim.RecordingSid == r.Sid && claim.Rejected == "" && p.seconds > 0 {
					p.quotes = append(p.quotes, stretch{from: units(claim.StartSec / p.seconds * waveWidth),
						width: units(max((claim.EndSec-claim.StartSec)/p.seconds*waveWidth, 2))})
				}
			}
		}
		all = append(all, p)
	}
	return all
}

// recordingState says what became of a recording, and why it cannot be played, "" if it can.
func recordingState(call interview.Call, r interview.Recording) (state, why string) {
	switch {
	case r.Status == interview.RecordingDeleted:
		return "deleted", "This recording was deleted at Twilio. Nothing of the audio is left."
	case call.ErasedAt != nil:
		return "to be deleted", "The personal data of this call was erased on request. The recording is to be deleted at Twilio, and nobody can listen to it."
	case call.Consent != interview.ConsentGiven && r.Status == interview.RecordingAbsent:
		return "absent", "There is no audio, and no consent to have any."
	case call.Consent != interview.ConsentGiven:
		return "no consent", "The person did not agree to be recorded, or took it back. The recording is never played; it is to be deleted at Twilio."
	case call.Early(r):
		return "before the consent", "This recording began before the person agreed to it. It is never played; it is to be deleted at Twilio."
	case r.Status == interview.RecordingAbsent:
		return "absent", "Twilio has no audio: the recording was shorter than a second, or silent."
	case r.Status == interview.RecordingFailed:
		return "failed", "Twilio could not make this recording. There is no audio."
	case r.Status != interview.RecordingCompleted && call.Status.Terminal():
		return "still processing", "The call is over, and Twilio is still processing the recording. It can be played when Twilio says that it is complete."
	case r.Status != interview.RecordingCompleted:
		return "in progress", "The call is being recorded. It can be played some seconds after its end."
	case r.URL == "":
		return "unknown place", "Twilio did not say where the audio lies."
	case r.TranscribedAt == nil:
		return "being transcribed", ""
	}
	return "complete", ""
}

// noRecording says why a call has no recording.
func noRecording(call interview.Call) string {
	over := call.Status.Terminal()
	switch {
	case call.ErasedAt != nil && call.Uncleared():
		return "The personal data of this call was erased on request. " + nothingRecorded(call)
	case call.ErasedAt != nil:
		return "The personal data of this call was erased on request."
	case call.Consent == interview.ConsentGiven && over:
		return "The person agreed, and no recording has come from Twilio yet."
	case call.Consent == interview.ConsentGiven:
		return "The person agreed. The recording begins now."
	case call.ConsentBy == interview.ConsentByRequest && !call.Uncleared():
		return "No consent: it was taken back on request. No recording is kept."
	case call.ConsentBy == interview.ConsentByRequest:
		return "No consent: it was taken back on request. " + nothingRecorded(call)
	case call.OnMachine():
		return "No consent: a machine answered, says Twilio. " + nothingRecorded(call)
	case call.Consent == interview.ConsentRefused:
		return "No consent: the person said no, or gave no clear answer. " + nothingRecorded(call)
	case !over:
		return "Nothing is recorded before the person agrees."
	case !call.Inbound() && !call.Dialled():
		return "Nobody was called. Nothing was recorded."
	case call.StartedAt == nil:
		return "Nobody answered. " + nothingRecorded(call)
	}
	return "No consent: the person was not asked, or did not answer. " + nothingRecorded(call)
}

// nothingRecorded says what is known of recordings of a call without consent that has none here. That Twilio has none is known
// only when its lists have shown it: an account can be set up to record, and a callback can be lost.
func nothingRecorded(call interview.Call) string {
	switch {
	case call.Uncleared():
		return "It is not certain yet that Twilio has no recording."
	case !call.Status.Terminal():
		return "No recording was started."
	}
	return "Nothing was recorded."
}

// waves draws the channels of a waveform. Whose channel one is, the utterances on it say, with the names that the transcript has.
func waves(w interview.Waveform, r interview.Recording, said []interview.Utterance) (drawn []wave, missing string) {
	switch {
	case w.RecordingSid == "" && r.TranscribedAt == nil:
		return nil, "The waveform comes with the transcript."
	case w.RecordingSid == "":
		return nil, "There is no waveform: this recording was transcribed before waveforms were kept."
	case len(w.Peaks) == 0:
		return nil, "There is no waveform: Twilio has this recording as an MP3, which is not measured."
	}
	speakers := make([]interview.Speaker, len(w.Peaks))
	for _, u := range said {
		if n := u.Channel - 1; u.RecordingSid == w.RecordingSid && n >= 0 && n < len(speakers) && u.Speaker != interview.SpeakerUnknown {
			speakers[n] = u.Speaker
		}
	}
	if len(speakers) == 2 { // who said nothing is on the other one
		speakers[0], speakers[1] = cmp.Or(speakers[0], otherSpeaker(speakers[1])), cmp.Or(speakers[1], otherSpeaker(speakers[0]))
	}
	order := make([]int, len(w.Peaks))
	for n := range order {
		order[n] = n
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(placeOf(speakers[a]), placeOf(speakers[b])) })
	for place, n := range order {
		v := wave{label: "both sides", class: "unknown", path: wavePath(w.Peaks[n], place*waveHeight+waveHeight/2)}
		if len(w.Peaks) > 1 {
			v.label = speakerWords(interview.Utterance{Speaker: speakers[n], Channel: n + 1})
		}
		if speakers[n] != "" {
			v.class = string(speakers[n])
		}
		drawn = append(drawn, v)
	}
	return drawn, ""
}

// otherSpeaker is who is on the other channel of two, "" where nobody can tell.
func otherSpeaker(s interview.Speaker) interview.Speaker {
	switch s {
	case interview.SpeakerAgent:
		return interview.SpeakerCallee
	case interview.SpeakerCallee:
		return interview.SpeakerAgent
	}
	return ""
}

// placeOf orders the channels of every recording alike, whichever Twilio put first: ours above the person's, and last whose nobody knows.
func placeOf(s interview.Speaker) int {
	switch s {
	case interview.SpeakerAgent:
		return 0
	case interview.SpeakerCallee:
		return 1
	}
	return 2
}

// wavePath is a vertical line for each column of the drawing, around its middle.
func wavePath(peaks []byte, middle int) string {
	if len(peaks) == 0 {
		return ""
	}
	var b strings.Builder
	columns := min(len(peaks), waveWidth)
	for n := range columns {
		from, to := n*len(peaks)/columns, (n+1)*len(peaks)/columns
		loudest := byte(0)
		for _, p := range peaks[from:to] {
			loudest = max(loudest, p)
		}
		half := max(int(loudest)*(waveHeight/2-3)/255, 1)
		fmt.Fprintf(&b, "M%d %dv%d", n*waveWidth/columns, middle-half, 2*half)
	}
	return b.String()
}

// units is a length in a drawing.
func units(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

// viewBox is that of the drawing.
func (p playerView) viewBox() string { return fmt.Sprintf("0 0 %d %d", waveWidth, p.height()) }

func (p playerView) height() int { return max(len(p.waves), 1) * waveHeight }

// described says what the drawing shows.
func (p playerView) described() string {
	labels := make([]string, len(p.waves))
	for n, w := range p.waves {
		labels[n] = w.label
	}
	return "Waveform of " + strings.Join(labels, " and ") + ", " + length(p.seconds)
}

// stateClass is the look of a state.
func (p playerView) stateClass() string {
	switch {
	case p.why == "":
		return "good"
	case p.recording.Status == interview.RecordingInProgress:
		return "live"
	case p.recording.Status == interview.RecordingFailed:
		return "bad"
	}
	return "over"
}

// fraction is a number of seconds for a script.
func fraction(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
