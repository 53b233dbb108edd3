package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/i-agent/iagent/simulator/internal/audio"
)

// recorded plays a call that is recorded and returns its rig and the URL of the recording.
func recorded(t *testing.T, faults Faults, script Script) (*fixture, string) {
	t.Helper()
	r := newFixture(t, Config{Channels: ChannelsPersonFirst, Faults: faults, Pick: func(string, int) Script { return script }})
	r.call(t, "+15557770001")
	r.wait(t)
	log := r.sim.Deliveries()
	return r, log[len(log)-1].Params.Get("RecordingUrl")
}

// loudest is the largest sample of a file.
func loudest(t *testing.T, file []byte) int {
	t.Helper()
	tracks, err := audio.DecodeWAV(file)
	if err != nil {
		t.Fatal(err)
	}
	most := 0
	for _, sample := range tracks[0] {
		most = max(most, int(math.Abs(float64(sample))))
	}
	return most
}

func TestSilentRecordingHasOnlyTheApplicationsSide(t *testing.T) {
	r, media := recorded(t, Faults{RecordingSilent: 1}, Consents())
	_, stereo := r.download(t, media+".wav?RequestedChannels=2")
	channels := split(stereo)
	if person, agent := loudest(t, channels[0]), loudest(t, channels[1]); person > 1 || agent < 1000 {
		t.Errorf("the person's side reaches %d, the application's %d", person, agent)
	}
	truth := r.sim.Truths()[0].Recordings[0]
	if len(truth.Person) != 0 || len(truth.Agent) == 0 || r.sim.Report().Faults[FaultRecordingSilent] != 1 {
		t.Errorf("the truth says %+v", truth)
	}
}

func TestEmptyRecordingIsRefusedAsTooShort(t *testing.T) {
	r, media := recorded(t, Faults{RecordingEmpty: 1}, Consents())
	_, file := r.download(t, media+".wav")
	status, answer := r.transcribe(t, "a.wav", file)
	if len(file) != 44 || status != 400 || !strings.Contains(answer.Error.Message, "too short") {
		t.Errorf("%d bytes: %d %+v", len(file), status, answer)
	}
	if truth := r.sim.Truths()[0].Recordings[0]; truth.Status != "completed" || len(truth.Person)+len(truth.Agent) != 0 {
		t.Errorf("the truth says %+v", truth)
	}
}

// Words are invented only where the samples are silent, so that who measures them can tell.
func TestInventedWordsAreAddedOnlyToSilence(t *testing.T) {
	r, media := recorded(t, Faults{SpeechInvents: 1}, Consents())
	_, stereo := r.download(t, media+".wav?RequestedChannels=2")
	truth := r.sim.Truths()[0].Recordings[0]
	for n, said := range [][]string{truth.Person, truth.Agent} {
		file := split(stereo)[n]
		_, answer := r.transcribe(t, "a.wav", file)
		if len(answer.Segments) != len(said)+1 {
			t.Fatalf("%d things were said, %d written down: %+v", len(said), len(answer.Segments), answer)
		}
		tracks, _ := audio.DecodeWAV(file)
		silent := 0
		for _, s := range answer.Segments {
			loud := 0
			for _, sample := range tracks[0][int(s.Start*audio.SampleRate):int(s.End*audio.SampleRate)] {
				if sample > 1000 {
					loud++
				}
			}
			if loud == 0 {
				silent++
			}
		}
		if silent != 1 {
			t.Errorf("%d of the segments stand in silence: %+v", silent, answer)
		}
	}
	if r.sim.Report().Faults[FaultSpeechInvents] != 2 {
		t.Errorf("counted %v", r.sim.Report().Faults)
	}
}

func TestSpeechWithoutTimesFailsOnlyVerboseJSON(t *testing.T) {
	r, media := recorded(t, Faults{SpeechNoTimes: 1}, Consents())
	_, file := r.download(t, media+".wav")
	if status, answer := r.transcribe(t, "a.wav", file); status != 500 || answer.Error.Message == "" {
		t.Errorf("%d %+v", status, answer)
	}
	if n := r.sim.Report().Faults[FaultSpeechNoTimes]; n != 1 {
		t.Errorf("counted %d", n)
	}
}

func TestModelFaultsChangeWhereTheAnswerIs(t *testing.T) {
	const schema = `{"title":"claims","type":"object","required":["claims"],"properties":{"claims":{"type":"array"}}}`
	const strict = `{"model":"m","messages":[{"role":"system","content":"Extract."},{"role":"user","content":"x"}],
		"response_format":{"type":"json_schema","json_schema":{"name":"claims","strict":true,"schema":` + schema + `}}}`
	quoted, _ := json.Marshal("Extract. The schema: " + schema)
	loose := fmt.Sprintf(`{"model":"m","messages":[{"role":"system","content":%s},{"role":"user","content":"x"}],"response_format":{"type":"json_object"}}`, quoted)
	for name, test := range map[string]struct {
		faults Faults
		want   string
	}{
		"think":     {Faults{ModelThinks: 1}, `"content":"\u003cthink\u003e`},
		"prose":     {Faults{ModelProse: 1}, "```json\\n{\\\"claims\\\":[]}\\n```"},
		"reasoning": {Faults{ModelReasoning: 1}, `"reasoning_content":"{\"claims\":[]}"`},
		"tool call": {Faults{ModelToolCall: 1}, `"arguments":"{\"claims\":[]}"`},
		"parts":     {Faults{ModelParts: 1}, `"content":[{"text":"{\"claims\":[]}","type":"text"}]`},
	} {
		r := newFixture(t, Config{Faults: test.faults, Model: MinimalModel})
		if status, text := ask(t, r, "/v1/chat/completions", "", strict); status != 200 || !strings.Contains(text, test.want) {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}

	var got ChatRequest
	r := newFixture(t, Config{Faults: Faults{ModelNoSchema: 1}, Model: func(_ context.Context, request ChatRequest) (string, error) {
		got = request
		return "{}", nil
	}})
	refusals := map[string]bool{}
	for range 30 {
		status, text := ask(t, r, "/v1/chat/completions", "", strict)
		if status != 400 && status != 422 {
			t.Errorf("%d %s", status, text)
		}
		refusals[text] = true
	}
	if len(refusals) != 3 {
		t.Errorf("refused in the words %v", refusals)
	}
	if status, text := ask(t, r, "/v1/chat/completions", "", loose); status != 200 || got.SchemaName != "claims" || string(got.Schema) != schema {
		t.Errorf("%d %s: the model was asked %+v", status, text, got)
	}
}
