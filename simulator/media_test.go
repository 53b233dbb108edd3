package simulator

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// download gets a recording's media with the account's credentials.
func (r *rig) download(t *testing.T, address string) (*http.Response, []byte) {
	t.Helper()
	request, err := http.NewRequest("GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(testAccount, testToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, body
}

// transcribe uploads a file to the fake speech-to-text and returns its verbose answer.
func (r *rig) transcribe(t *testing.T, name string, file []byte) (status int, answer struct {
	Text     string
	Duration float64
	Segments []struct {
		Start, End float64
		Text       string
	}
	Words []struct {
		Word       string
		Start, End float64
	}
	Error struct{ Message string }
}) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	part.Write(file)
	form.WriteField("model", "whisper-1")
	form.WriteField("response_format", "verbose_json")
	form.WriteField("timestamp_granularities[]", "segment")
	form.WriteField("timestamp_granularities[]", "word")
	form.Close()
	response, err := http.Post(r.api.URL+"/v1/audio/transcriptions", form.FormDataContentType(), &body)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, answer
}

// split is what an application does to a stereo file: two mono files, built by other code than the simulator's.
func split(stereo []byte) [2][]byte {
	var out [2][]byte
	data := stereo[44:]
	for channel := range out {
		var pcm []byte
		for i := channel * 2; i+1 < len(data); i += 4 {
			pcm = append(pcm, data[i], data[i+1])
		}
		head := bytes.Clone(stereo[:44])
		binary.LittleEndian.PutUint16(head[22:], 1)
		binary.LittleEndian.PutUint32(head[28:], 16000)
		binary.LittleEndian.PutUint16(head[32:], 2)
		binary.LittleEndian.PutUint32(head[4:], uint32(36+len(pcm)))
		binary.LittleEndian.PutUint32(head[40:], uint32(len(pcm)))
		out[channel] = append(head, pcm...)
	}
	return out
}

func TestEachChannelOfADualRecordingIsHeardAlone(t *testing.T) {
	for _, order := range []ChannelOrder{ChannelsPersonOne, ChannelsPersonLast} {
		r := newRig(t, Config{Channels: order, Pick: func(string, int) Script { return Consents() }})
		r.call(t, "+15557770001")
		r.wait(t)
		log := r.sim.Deliveries()
		media := log[len(log)-1].Params.Get("RecordingUrl")
		_, stereo := r.download(t, media+".wav?RequestedChannels=2")
		if got := binary.LittleEndian.Uint16(stereo[22:]); got != 2 {
			t.Fatalf("the file has %d channels", got)
		}
		channels := split(stereo)
		person, agent := channels[0], channels[1]
		if order == ChannelsPersonLast {
			person, agent = agent, person
		}
		_, p := r.transcribe(t, "person.wav", person)
		_, a := r.transcribe(t, "agent.wav", agent)
		if want := "We pay about twelve dollars fifty a case. It sells around forty cases per week."; p.Text != want {
			t.Errorf("order %v: the person's channel says %q", order, p.Text)
		}
		if want := "What do you pay for a case? How many do you sell? Thank you, goodbye."; a.Text != want {
			t.Errorf("order %v: the application's channel says %q", order, a.Text)
		}
		if len(p.Segments) != 2 || p.Segments[0].Start <= a.Segments[0].End || p.Segments[0].End >= a.Segments[1].Start {
			t.Errorf("the first answer is not between the questions: %+v and %+v", p.Segments, a.Segments)
		}
		if !slices.IsSortedFunc(p.Words, func(a, b struct {
			Word       string
			Start, End float64
		}) int {
			return int(1000 * (a.Start - b.Start))
		}) || len(p.Words) != 15 {
			t.Errorf("words: %+v", p.Words)
		}
		truth := r.sim.Truths()[0].Recordings[0]
		if strings.Join(truth.Person, " ") != p.Text || strings.Join(truth.Agent, " ") != a.Text {
			t.Errorf("the truth says otherwise: %+v", truth)
		}
	}
}
