package pipeline

import (
	"encoding/binary"
	"math"
	"slices"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// What is silence. Levels are root mean squares of a window against full scale, in dBFS.
//
// A telephone line that nobody speaks on carries zeros, or comfort noise and hiss of about -75 to -60 dBFS; a quiet
// speaker, whose loudest samples reach only -45 dBFS, has windows of -50 to -57. So a window is sound from -60 dBFS on.
// A line that hisses louder, up to -50, is told from speech by its evenness: syllables rise far above the quietest tenth
// of a channel, noise does not.
const (
	window     = 20 * time.Millisecond
	silentDBFS = -60
	hissDBFS   = -50 // what is louder than this is sound, however even it is
	overHissDB = 6
	// shortestSound is the least that can be speech, about half a syllable: what is shorter is a click.
	shortestSound = 3 * window
	// mostOffset is the most of a constant level that is taken for a fault of a converter, as part of full scale.
	mostOffset = 0.01
)

// loudness is how loud one channel is, window by window.
type loudness struct {
	levels []float32 // root mean square of full scale
	sound  []bool
	peaks  []byte // see interview.Waveform
}

// loudness measures every channel, in one reading of the file.
func (w wav) loudness() ([]loudness, error) {
	perWindow := max(int(window.Seconds()*float64(w.rate)), 1)
	meters := make([]meter, w.channels)
	points := min(w.frames, interview.WaveformPoints)
	for c := range meters {
		meters[c] = meter{perWindow: perWindow, frames: w.frames, peaks: make([]float64, points)}
	}
	var buffer []byte
	samples := make([]float64, 0, blockFrames)
	for at := int64(0); at < w.frames; {
		block, frames, err := w.block(buffer, at, w.frames)
		if err != nil {
			return nil, err
		}
		buffer = block
		for c := range meters {
			samples = w.amplitudes(samples[:0], block, c)
			meters[c].add(samples)
			meters[c].draw(samples, at)
		}
		at += frames
	}
	out := make([]loudness, w.channels)
	for c := range meters {
		meters[c].next()
		out[c] = loudness{levels: meters[c].levels, sound: soundIn(meters[c].levels), peaks: drawn(meters[c].peaks)}
	}
	return out, nil
}

// meter sums up one window after another.
type meter struct {
	perWindow    int
	sum, squares float64
	n            int
	levels       []float32
	frames       int64     // of the file
	peaks        []float64 // of the points of a waveform
}

func (m *meter) add(samples []float64) {
	for len(samples) > 0 {
		part := samples[:min(len(samples), m.perWindow-m.n)]
		sum, squares := m.sum, m.squares
		for _, sample := range part {
			sum += sample
			squares += sample * sample
		}
		m.sum, m.squares = sum, squares
		if m.n += len(part); m.n == m.perWindow {
			m.next()
		}
		samples = samples[len(part):]
	}
}

// draw keeps the peaks of samples of which the first is this frame of the file.
func (m *meter) draw(samples []float64, at int64) {
	points := int64(len(m.peaks))
	for len(samples) > 0 {
		point := at * points / m.frames
		end := ((point+1)*m.frames + points - 1) / points // the first frame of the next point
		part := samples[:min(int64(len(samples)), end-at)]
		peak := m.peaks[point]
		for _, sample := range part {
			if sample = math.Abs(sample); sample > peak {
				peak = sample
			}
		}
		m.peaks[point] = peak
		at += int64(len(part))
		samples = samples[len(part):]
	}
}

// next ends a window, if one has begun.
func (m *meter) next() {
	if m.n == 0 {
		return
	}
	mean := m.sum / float64(m.n)
	offset := max(min(mean, mostOffset), -mostOffset)
	// the mean of (sample-offset)²
	level := math.Sqrt(max(m.squares/float64(m.n)-2*offset*mean+offset*offset, 0))
	m.levels = append(m.levels, float32(level))
	m.sum, m.squares, m.n = 0, 0, 0
}

// drawn are peaks as a waveform has them.
func drawn(peaks []float64) []byte {
	out := make([]byte, len(peaks))
	for n, peak := range peaks {
		out[n] = byte(math.Round(255 * math.Sqrt(min(peak, 1))))
	}
	return out
}

// soundIn says which windows are more than silence.
func soundIn(levels []float32) []bool {
	if len(levels) == 0 {
		return nil
	}
	sorted := slices.Clone(levels)
	slices.Sort(sorted)
	limit := max(ratio(silentDBFS), min(float64(sorted[len(sorted)/10])*ratio(overHissDB), ratio(hissDBFS)))
	sound := make([]bool, len(levels))
	run := 0
	for i := 0; i <= len(levels); i++ {
		if i < len(levels) && float64(levels[i]) >= limit {
			sound[i] = true
			run++
			continue
		}
		if time.Duration(run)*window < shortestSound {
			clear(sound[i-run : i])
		}
		run = 0
	}
	return sound
}

// ratio is decibels as a factor.
func ratio(db float64) float64 { return math.Pow(10, db/20) }

// soundBetween is how much of a stretch is more than silence.
func (l loudness) soundBetween(from, to time.Duration) time.Duration {
	first, end := l.windows(from, to)
	var n time.Duration
	for _, loud := range l.sound[first:end] {
		if loud {
			n += window
		}
	}
	return n
}

// windows are those that a stretch touches.
func (l loudness) windows(from, to time.Duration) (first, end int) {
	n := time.Duration(len(l.sound))
	first = int(max(min(from/window, n), 0))
	end = int(max(min((to+window-1)/window, n), 0))
	return first, max(first, end)
}

// quietest is the best moment to cut in a stretch: the middle of its longest silence, or its quietest window.
func (l loudness) quietest(from, to time.Duration) time.Duration {
	first, end := l.windows(from, to)
	best, longest, run, least := first, 0, 0, first
	for i := first; i < end; i++ {
		if l.levels[i] < l.levels[least] {
			least = i
		}
		if l.sound[i] {
			run = 0
			continue
		}
		if run++; run > longest {
			longest, best = run, i-run/2
		}
	}
	if longest == 0 {
		best = least
	}
	return time.Duration(best)*window + window/2
}

// amplitudes decodes the samples of one channel of a block.
func (w wav) amplitudes(out []float64, block []byte, channel int) []float64 {
	stride := w.sampleSize * w.channels
	if w.tag == wavPCM && w.sampleSize == 2 { // all recordings of Twilio
		for at := channel * w.sampleSize; at < len(block); at += stride {
			out = append(out, float64(int16(binary.LittleEndian.Uint16(block[at:])))/32768)
		}
		return out
	}
	for at := channel * w.sampleSize; at < len(block); at += stride {
		out = append(out, w.amplitude(block[at:]))
	}
	return out
}

// amplitude decodes one sample to -1 … 1.
func (w wav) amplitude(b []byte) float64 {
	switch {
	case w.tag == wavMuLaw:
		return muLaw(b[0])
	case w.tag == wavALaw:
		return aLaw(b[0])
	case w.tag == wavFloat && w.sampleSize == 4:
		return finite(float64(math.Float32frombits(binary.LittleEndian.Uint32(b))))
	case w.tag == wavFloat:
		return finite(math.Float64frombits(binary.LittleEndian.Uint64(b)))
	case w.sampleSize == 1:
		return (float64(b[0]) - 128) / 128 // alone of all sizes without a sign
	}
	return float64(int16(binary.LittleEndian.Uint16(b[w.sampleSize-2:]))) / 32768 // the lower bytes are below every threshold
}

func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

// muLaw expands a byte as ITU-T G.711 says.
func muLaw(b byte) float64 {
	b = ^b
	v := float64((int(b&0x0f)<<3+0x84)<<(b>>4&7) - 0x84)
	if b&0x80 != 0 {
		v = -v
	}
	return v / 32768
}

// aLaw expands a byte as ITU-T G.711 says.
func aLaw(b byte) float64 {
	b ^= 0x55
	v := int(b&0x0f)<<4 + 8
	if exponent := b >> 4 & 7; exponent > 0 {
		v = (v + 0x100) << (exponent - 1)
	}
	if b&0x80 == 0 {
		v = -v
	}
	return float64(v) / 32768
}
