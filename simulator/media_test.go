package simulator

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/i-agent/iagent/simulator/internal/audio"
)

// download gets a recording's media with the account's credentials.
func (r *fixture) download(t *testing.T, address string) (*http.Response, []byte) {
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
func (r *fixture) transcribe(t *testing.T, name string, file []byte) (status int, answer struct {
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
	for _, order := range []ChannelOrder{ChannelsPersonFirst, ChannelsPersonSecond} {
		r := newFixture(t, Config{Channels: order, Pick: func(string, int) Script { return Consents() }})
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
		if order == ChannelsPersonSecond {
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

func TestWAVIsWellFormed(t *testing.T) {
	r, truth, log := play(t, Consents())
	media := log[len(log)-1].Params.Get("RecordingUrl")
	samples := int(truth.Recordings[0].Length.Seconds()*8000 + 0.5)
	for _, test := range []struct {
		suffix   string
		channels int
	}{{"", 2}, {".wav", 2}, {".wav?RequestedChannels=1", 1}, {".wav?RequestedChannels=2", 2}} {
		response, file := r.download(t, media+test.suffix)
		if response.StatusCode != 200 || response.Header.Get("Content-Type") != "audio/x-wav" {
			t.Fatalf("%s: %d %s", test.suffix, response.StatusCode, response.Header.Get("Content-Type"))
		}
		le := binary.LittleEndian
		if string(file[:4]) != "RIFF" || string(file[8:16]) != "WAVEfmt " || string(file[36:40]) != "data" ||
			int(le.Uint32(file[4:])) != len(file)-8 || int(le.Uint32(file[40:])) != len(file)-44 {
			t.Errorf("%s: header % x", test.suffix, file[:44])
		}
		block := 2 * test.channels
		if le.Uint16(file[20:]) != 1 || int(le.Uint16(file[22:])) != test.channels || le.Uint32(file[24:]) != 8000 ||
			int(le.Uint32(file[28:])) != 8000*block || int(le.Uint16(file[32:])) != block || le.Uint16(file[34:]) != 16 {
			t.Errorf("%s: format % x", test.suffix, file[20:36])
		}
		if len(file) != 44+samples*block {
			t.Errorf("%s: %d bytes for %d samples", test.suffix, len(file), samples)
		}
		loudest := int16(0)
		for i := 44; i+1 < len(file); i += 2 {
			loudest = max(loudest, int16(le.Uint16(file[i:])))
		}
		if loudest < 3000 || loudest > 20000 {
			t.Errorf("%s: the loudest sample is %d", test.suffix, loudest)
		}
	}
}

func TestUnavailableChannelsAreRefused(t *testing.T) {
	r := newFixture(t, Config{Pick: func(string, int) Script { return Refuses() }})
	r.call(t, "+15557770001", func(p url.Values) {
		p.Set("Record", "true")
		p.Set("RecordingStatusCallback", r.app.url+"/recording")
	})
	r.wait(t)
	media := only(t, r.sim.Deliveries(), "recording:completed").Params.Get("RecordingUrl")
	for suffix, want := range map[string]int{".wav?RequestedChannels=2": 400, ".mp3?RequestedChannels=2": 400, ".wav?RequestedChannels=x": 400,
		".wav?RequestedChannels=1": 200, ".mp3": 200, ".ogg": 404} {
		if response, _ := r.download(t, media+suffix); response.StatusCode != want {
			t.Errorf("%s: %d, want %d", suffix, response.StatusCode, want)
		}
	}
}

// An MP3 is what any parser of MPEG headers takes for silence: frames of 144 bytes up to the end, behind an ID3 tag.
func TestMP3IsSilenceOfTheRightLength(t *testing.T) {
	r, truth, log := play(t, Consents())
	media := log[len(log)-1].Params.Get("RecordingUrl")
	for suffix, mode := range map[string]byte{".mp3?RequestedChannels=1": 0xC0, ".mp3": 0, ".mp3?RequestedChannels=2": 0} {
		response, file := r.download(t, media+suffix)
		if response.StatusCode != 200 || response.Header.Get("Content-Type") != "audio/mpeg" {
			t.Fatalf("%s: %d %s", suffix, response.StatusCode, response.Header.Get("Content-Type"))
		}
		tag := 10 + int(file[6])<<21 + int(file[7])<<14 + int(file[8])<<7 + int(file[9])
		frames := 0
		for at := tag; at < len(file); at += 144 {
			if !bytes.Equal(file[at:at+4], []byte{0xFF, 0xFB, 0x18, mode}) {
				t.Fatalf("%s: frame %d begins % x", suffix, frames, file[at:at+4])
			}
			frames++
		}
		if off := float64(frames)*0.036 - truth.Recordings[0].Length.Seconds(); off < 0 || off > 0.036 {
			t.Errorf("%s: off by %v s", suffix, off)
		}
		_, heard := r.transcribe(t, "recording.mp3", file)
		if !strings.Contains(heard.Text, "What do you pay for a case? We pay about twelve dollars") {
			t.Errorf("%s: heard %q", suffix, heard.Text)
		}
	}
}

// Applications cut long recordings to stay below the upload limit.
func TestPieceOfARecordingIsHeardFromItsStart(t *testing.T) {
	r, _, log := play(t, Consents())
	_, mono := r.download(t, log[len(log)-1].Params.Get("RecordingUrl")+".wav?RequestedChannels=1")
	_, whole := r.transcribe(t, "whole.wav", mono)
	const skip = 8*16000 + 1234 // neither a whole second nor a whole line
	piece := append(bytes.Clone(mono[:44]), mono[44+skip:]...)
	_, heard := r.transcribe(t, "piece.wav", piece)
	if len(heard.Words) == 0 || len(heard.Words) >= len(whole.Words) {
		t.Fatalf("heard %d words of %d", len(heard.Words), len(whole.Words))
	}
	offset := float64(skip) / 16000
	for i, w := range heard.Words {
		of := whole.Words[len(whole.Words)-len(heard.Words)+i]
		if w.Word != of.Word || w.Start+offset-of.Start > 0.001 || of.Start-w.Start-offset > 0.001 {
			t.Fatalf("word %d is %v, in the whole %v", i, w, of)
		}
	}
}

func TestMisheardWordsAreInTheTranscript(t *testing.T) {
	script := Consents(Answer{Say: "We pay twelve fifty.", Heard: "We pay twelve fifteen."})
	r, truth, log := play(t, script)
	_, mono := r.download(t, log[len(log)-1].Params.Get("RecordingUrl")+".wav?RequestedChannels=1")
	if _, heard := r.transcribe(t, "a.wav", mono); !strings.Contains(heard.Text, "twelve fifteen") || strings.Contains(heard.Text, "fifty") {
		t.Errorf("heard %q", heard.Text)
	}
	if !slices.ContainsFunc(truth.Lines, func(l Line) bool { return l.Text == "We pay twelve fifty." }) {
		t.Errorf("said %+v", truth.Lines)
	}
}

func TestOtherAudioIsRefused(t *testing.T) {
	r := newFixture(t, Config{})
	noise := make([]int16, 8000)
	for n := range noise {
		noise[n] = int16(n % 50)
	}
	for name, file := range map[string][]byte{
		"text":              []byte("hello"),
		"foreign WAV":       audio.EncodeWAV([][]int16{noise}),
		"foreign MP3":       append([]byte("ID3\x03\x00\x00\x00\x00\x00\x00"), 0xFF, 0xFB),
		"unknown recording": audio.File{Sid: "RE00000000000000000000000000000000", Length: 3e9, Channels: []audio.Channel{{}}}.WAV(),
	} {
		if status, answer := r.transcribe(t, "x.wav", file); status != 400 || answer.Error.Message == "" {
			t.Errorf("%s: %d %+v", name, status, answer)
		}
	}
}

// Somebody may try the model with a file of their own: of silence, as of any, a transcript without words comes back.
func TestSilenceOfOthersIsATranscriptWithoutWords(t *testing.T) {
	r := newFixture(t, Config{})
	if status, heard := r.transcribe(t, "x.wav", audio.EncodeWAV([][]int16{make([]int16, 8000)})); status != 200 || heard.Text != "" || len(heard.Segments) > 0 {
		t.Errorf("%d %+v", status, heard)
	}
}

func TestPartOfARecordingIsServed(t *testing.T) {
	r, _, log := play(t, Consents())
	address := log[len(log)-1].Params.Get("RecordingUrl")
	_, whole := r.download(t, address+".wav")
	request, err := http.NewRequest("GET", address+".wav", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(testAccount, testToken)
	request.Header.Set("Range", "bytes=1000-1999")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	part, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusPartialContent || !bytes.Equal(part, whole[1000:2000]) ||
		response.Header.Get("Content-Range") != fmt.Sprintf("bytes 1000-1999/%d", len(whole)) {
		t.Errorf("%s, %q, %d bytes, %v", response.Status, response.Header.Get("Content-Range"), len(part), err)
	}
}
