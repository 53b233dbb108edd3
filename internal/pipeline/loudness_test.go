package pipeline

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// sampled makes a mono file of 8 kHz and 16 bits.
func sampled(t testing.TB, seconds float64, wave func(at float64) float64) wav {
	t.Helper()
	var data []byte
	for i := range int(seconds * 8000) {
		v := max(min(wave(float64(i)/8000), 1), -1)
		data = binary.LittleEndian.AppendUint16(data, uint16(int16(v*32767)))
	}
	return wav{tag: wavPCM, channels: 1, rate: 8000, bits: 16, sampleSize: 2, file: bytes.NewReader(data), frames: int64(len(data) / 2)}
}

func measured(t testing.TB, w wav) loudness {
	t.Helper()
	l, err := w.loudness()
	if err != nil {
		t.Fatal(err)
	}
	return l[0]
}

// speaking is a voice whose loudest samples reach so many dBFS: syllables of a buzz, with pauses of four tenths of the time.
func speaking(peak float64) func(float64) float64 {
	return func(at float64) float64 {
		syllable := math.Sin(2 * math.Pi * 2.5 * at)
		if math.Mod(at, 5) > 3 {
			return 0
		}
		return ratio(peak) * max(syllable, 0) * (math.Sin(2*math.Pi*140*at) + math.Sin(2*math.Pi*700*at)) / 2
	}
}

// hiss is noise of so many dBFS, as a root mean square.
func hiss(level float64) func(float64) float64 {
	r := rand.New(rand.NewPCG(1, 2))
	return func(float64) float64 { return ratio(level) * r.NormFloat64() }
}

func TestSilenceOfEveryKindIsSilent(t *testing.T) {
	comfort := hiss(-65)
	for name, wave := range map[string]func(float64) float64{
		"zeros":         func(float64) float64 { return 0 },
		"last bit":      func(at float64) float64 { return math.Round(math.Mod(at*977, 1)) / 32767 },
		"offset":        func(float64) float64 { return 0.005 },
		"comfort noise": comfort,
		"hiss":          hiss(-53),
		"hum":           func(at float64) float64 { return ratio(-55) * math.Sin(2*math.Pi*50*at) },
		"clicks": func(at float64) float64 {
			if math.Mod(at, 2) < 0.004 {
				return 0.5
			}
			return 0
		},
		"breathing between noise": func(at float64) float64 { return comfort(at) * (1 + math.Sin(at)) / 2 },
	} {
		l := measured(t, sampled(t, 20, wave))
		if n := l.soundBetween(0, 20*time.Second); n >= shortestSound {
			t.Errorf("%s: %v of sound", name, n)
		}
	}
}

func TestQuietSpeakersAreNoSilence(t *testing.T) {
	noise := hiss(-64)
	line := hiss(-45)
	for name, wave := range map[string]func(float64) float64{
		"loud":         speaking(-6),
		"quiet":        speaking(-40),
		"very quiet":   speaking(-45),
		"over noise":   func(at float64) float64 { return speaking(-45)(at) + noise(at) },
		"over hiss":    func(at float64) float64 { return speaking(-25)(at) + line(at) },
		"steady tone":  func(at float64) float64 { return ratio(-45) * math.Sin(2*math.Pi*300*at) },
		"with offset":  func(at float64) float64 { return speaking(-40)(at) + 0.005 },
		"a word early": func(at float64) float64 { return map[bool]float64{true: speaking(-40)(at)}[at < 0.2] },
	} {
		l := measured(t, sampled(t, 20, wave))
		want := time.Second
		if name == "a word early" {
			want = 100 * time.Millisecond
		}
		if n := l.soundBetween(0, 20*time.Second); n < want {
			t.Errorf("%s: only %v of sound", name, n)
		}
	}
}

func TestEverySampleFormatIsMeasured(t *testing.T) {
	le := binary.LittleEndian
	half := math.Float64bits(0.5)
	for name, test := range map[string]struct {
		w    wav
		b    []byte
		want float64
	}{
		"8 bit":          {wav{tag: wavPCM, sampleSize: 1}, []byte{192}, 0.5},
		"8 bit silence":  {wav{tag: wavPCM, sampleSize: 1}, []byte{128}, 0},
		"16 bit":         {wav{tag: wavPCM, sampleSize: 2}, []byte{0, 0xc0}, -0.5},
		"24 bit":         {wav{tag: wavPCM, sampleSize: 3}, []byte{9, 0, 0x40}, 0.5},
		"32 bit":         {wav{tag: wavPCM, sampleSize: 4}, []byte{9, 9, 0, 0x40}, 0.5},
		"float":          {wav{tag: wavFloat, sampleSize: 4}, le.AppendUint32(nil, math.Float32bits(-0.5)), -0.5},
		"double":         {wav{tag: wavFloat, sampleSize: 8}, le.AppendUint64(nil, half), 0.5},
		"not a number":   {wav{tag: wavFloat, sampleSize: 8}, le.AppendUint64(nil, math.Float64bits(math.NaN())), 0},
		"mu-law silence": {wav{tag: wavMuLaw, sampleSize: 1}, []byte{0xff}, 0},
		"mu-law loudest": {wav{tag: wavMuLaw, sampleSize: 1}, []byte{0x80}, 32124.0 / 32768},
		"mu-law lowest":  {wav{tag: wavMuLaw, sampleSize: 1}, []byte{0x00}, -32124.0 / 32768},
		"mu-law other":   {wav{tag: wavMuLaw, sampleSize: 1}, []byte{0x7f}, 0},
		"A-law silence":  {wav{tag: wavALaw, sampleSize: 1}, []byte{0xd5}, 8.0 / 32768},
		"A-law loudest":  {wav{tag: wavALaw, sampleSize: 1}, []byte{0xaa}, 32256.0 / 32768},
		"A-law lowest":   {wav{tag: wavALaw, sampleSize: 1}, []byte{0x2a}, -32256.0 / 32768},
	} {
		if got := test.w.amplitude(test.b); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func BenchmarkLoudnessOfAMinuteOfTwoChannels(b *testing.B) {
	w, err := openBytes(stereo(wavPCM, 16, 60*8000))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := w.loudness(); err != nil {
			b.Fatal(err)
		}
	}
}
