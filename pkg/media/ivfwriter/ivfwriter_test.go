package ivfwriter

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"github.com/parleyrtc/webrtc/pkg/media"
	"github.com/parleyrtc/webrtc/pkg/media/ivfreader"
)

const clips = "../../../testdata/media/"

// read returns the header and the frames of an IVF file, with their timestamps.
func read(t testing.TB, b []byte) (header ivfreader.IVFFileHeader, frames [][]byte, timestamps []uint64) {
	t.Helper()
	r, h, err := ivfreader.NewWith(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for {
		frame, fh, err := r.ParseNextFrame()
		if err == io.EOF {
			return *h, frames, timestamps
		}
		if err != nil {
			t.Fatal(err)
		}
		frames, timestamps = append(frames, frame), append(timestamps, fh.Timestamp)
	}
}

func clip(t testing.TB, name string) (ivfreader.IVFFileHeader, [][]byte) {
	t.Helper()
	b, err := os.ReadFile(clips + name)
	if err != nil {
		t.Fatal(err)
	}
	header, frames, _ := read(t, b)
	return header, frames
}

// videos are a clip of each codec and what makes packets of it.
var videos = []struct {
	clip, mimeType string
	payloader      func() rtp.Payloader
}{
	{"vp8.ivf", "video/VP8", func() rtp.Payloader { return &codecs.VP8Payloader{EnablePictureID: true} }},
	{"vp9.ivf", "video/VP9", func() rtp.Payloader { return &codecs.VP9Payloader{FlexibleMode: true} }},
	{"av1.ivf", "video/AV1", func() rtp.Payloader { return &codecs.AV1Payloader{} }},
}

// packets makes RTP packets of frames, 3000 ticks apart, across both wraps.
func packets(frames [][]byte, p rtp.Payloader) []*rtp.Packet {
	var out []*rtp.Packet
	seq, timestamp := uint16(65500), uint32(1<<32-30000)
	for _, f := range frames {
		payloads := p.Payload(1100, f)
		for i, payload := range payloads {
			out = append(out, &rtp.Packet{
				Header:  rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: timestamp, SSRC: 7, Marker: i == len(payloads)-1},
				Payload: payload,
			})
			seq++
		}
		timestamp += 3000
	}
	return out
}

// write returns the file that packets give.
func write(t testing.TB, in []*rtp.Packet, opts ...Option) ([]byte, *IVFWriter) {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWith(&b, opts...)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range in {
		if err := w.WriteRTP(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), w
}

func wantFrames(t *testing.T, got, want [][]byte) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d frames, want %d", len(got), len(want))
	}
	for i := range got {
		if !bytes.Equal(got[i], want[i]) {
			t.Fatalf("frame %d has %d bytes, want those of the clip's, %d", i, len(got[i]), len(want[i]))
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for _, v := range videos {
		t.Run(v.clip, func(t *testing.T) {
			wantHeader, want := clip(t, v.clip)
			file, w := write(t, packets(want, v.payloader()), WithCodec(v.mimeType))
			header, got, timestamps := read(t, file)
			wantHeader.NumFrames = 0 // a buffer can not seek
			if header != wantHeader {
				t.Errorf("header %+v, want %+v", header, wantHeader)
			}
			wantFrames(t, got, want)
			for i, ts := range timestamps {
				if ts != uint64(i) {
					t.Fatalf("frame %d has timestamp %d", i, ts)
				}
			}
			if w.Dropped() != 0 {
				t.Errorf("%d packets were dropped", w.Dropped())
			}
		})
	}
}

func TestDisorderAndDuplicates(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 3))
	for _, v := range videos {
		_, want := clip(t, v.clip)
		in := packets(want, v.payloader())
		n := len(in)
		for range 20 {
			at := 1 + r.IntN(len(in)-1)
			in = append(in[:at:at], append([]*rtp.Packet{in[r.IntN(at)]}, in[at:]...)...)
		}
		for at := 1; at+30 < len(in); at += 30 {
			r.Shuffle(30, func(a, b int) { in[at+a], in[at+b] = in[at+b], in[at+a] })
		}
		file, w := write(t, in, WithCodec(v.mimeType))
		_, got, _ := read(t, file)
		wantFrames(t, got, want)
		if w.Dropped() != uint64(len(in)-n) {
			t.Errorf("seed %d: %s: %d packets were dropped, want the %d duplicates", seed, v.clip, w.Dropped(), len(in)-n)
		}
	}
}

// TestLoss: a frame that lacks a packet is left out, and no other.
func TestLoss(t *testing.T) {
	for _, v := range videos {
		_, frames := clip(t, v.clip)
		in := packets(frames, v.payloader())
		for _, lost := range []struct {
			name       string
			frame, nth int // the packet of the frame that is lost, -1 for the last one
		}{{"first packet", 30, 0}, {"second packet", 30, 1}, {"last packet", 30, -1}, {"only packet", 31, 0}} {
			var rest []*rtp.Packet
			var left, of int
			timestamp := in[0].Timestamp + uint32(lost.frame)*3000
			for _, p := range in {
				if p.Timestamp == timestamp {
					of++
				}
			}
			nth := lost.nth
			if nth < 0 {
				nth = of - 1
			}
			for _, p := range in {
				if p.Timestamp == timestamp {
					if left++; left == nth+1 {
						continue
					}
				}
				rest = append(rest, p)
			}
			file, w := write(t, rest, WithCodec(v.mimeType))
			_, got, timestamps := read(t, file)
			want := append(frames[:lost.frame:lost.frame], frames[lost.frame+1:]...)
			wantFrames(t, got, want)
			if timestamps[lost.frame] != uint64(lost.frame+1) {
				t.Errorf("%s, %s: the frame after the lost one has timestamp %d", v.clip, lost.name, timestamps[lost.frame])
			}
			if w.Dropped() != uint64(of-1) {
				t.Errorf("%s, %s: %d packets were dropped, want %d", v.clip, lost.name, w.Dropped(), of-1)
			}
		}
	}
}

func TestBeginsWithAKeyFrame(t *testing.T) {
	for _, v := range videos {
		_, frames := clip(t, v.clip)
		in := packets(frames, v.payloader())
		for in[0].Timestamp != 1<<32-30000+2*3000 {
			in = in[1:]
		}
		file, _ := write(t, in, WithCodec(v.mimeType))
		_, got, timestamps := read(t, file)
		wantFrames(t, got, frames[30:])
		if timestamps[0] != 0 {
			t.Errorf("%s: the first frame has timestamp %d, want 0", v.clip, timestamps[0])
		}
	}
}

func TestNoMarker(t *testing.T) {
	_, frames := clip(t, "vp8.ivf")
	in := packets(frames, videos[0].payloader())
	for _, p := range in {
		p.Marker = false
	}
	file, _ := write(t, in)
	_, got, _ := read(t, file)
	wantFrames(t, got, frames[:len(frames)-1]) // nothing says that the last one is whole
}

func TestAnotherSourceGoesOn(t *testing.T) {
	_, frames := clip(t, "vp8.ivf")
	first, second := packets(frames[:30], videos[0].payloader()), packets(frames[30:60], videos[0].payloader())
	for _, p := range second {
		p.SSRC, p.Timestamp, p.SequenceNumber = 8, p.Timestamp-123456789, p.SequenceNumber-200
	}
	file, _ := write(t, append(first, second...))
	_, got, timestamps := read(t, file)
	wantFrames(t, got, frames[:60])
	for i, ts := range timestamps {
		if ts != uint64(i) {
			t.Fatalf("frame %d has timestamp %d", i, ts)
		}
	}
}

func TestTimestamps(t *testing.T) {
	key := []byte{0x10, 0, 0, 0, 0x9d, 1, 0x2a, 64, 0, 48, 0}
	for _, c := range []struct {
		name string
		opts []Option
		rtp  []uint32
		want []uint64
	}{
		{"default", nil, []uint32{5000, 8000, 11000}, []uint64{0, 1, 2}},
		{"nearest unit", nil, []uint32{0, 1400, 1600, 2900}, []uint64{0, 0, 1, 1}},
		{"fine time base", []Option{WithFrameRate(1, 90000)}, []uint32{7, 3007, 6008}, []uint64{0, 3000, 6001}},
		{"milliseconds", []Option{WithFrameRate(1, 1000)}, []uint32{0, 3000, 6000}, []uint64{0, 33, 67}},
		{"numerator", []Option{WithFrameRate(1001, 30000)}, []uint32{0, 3003, 6006}, []uint64{0, 1, 2}},
		{"direct", []Option{WithDirectPTS()}, []uint32{7, 3007, 6008}, []uint64{0, 3000, 6001}},
		{"direct, wrap", []Option{WithDirectPTS()}, []uint32{1<<32 - 1000, 2000}, []uint64{0, 3000}},
		{"a little back", []Option{WithDirectPTS()}, []uint32{9000, 12000, 10000, 15000}, []uint64{0, 3000, 3000, 6000}},
		{"far back", []Option{WithDirectPTS()}, []uint32{9000000, 9003000, 10, 3010}, []uint64{0, 3000, 6000, 9000}},
		{"finest time base", []Option{WithFrameRate(1, 1<<32-1)}, []uint32{0, 1 << 30}, []uint64{0, 51240955748374}},
		{"coarsest time base", []Option{WithFrameRate(1<<32-1, 1)}, []uint32{0, 1 << 30}, []uint64{0, 0}},
	} {
		var in []*rtp.Packet
		for i, ts := range c.rtp {
			in = append(in, &rtp.Packet{Header: rtp.Header{SequenceNumber: uint16(i), Timestamp: ts, Marker: true}, Payload: key})
		}
		file, _ := write(t, in, c.opts...)
		if _, _, got := read(t, file); !equal(got, c.want) {
			t.Errorf("%s: timestamps %d, want %d", c.name, got, c.want)
		}
	}
}

func equal(a, b []uint64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestWriteFrame(t *testing.T) {
	for _, v := range videos {
		_, frames := clip(t, v.clip)
		name := filepath.Join(t.TempDir(), "out.ivf")
		w, err := New(name, WithCodec(v.mimeType))
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range frames[29:] { // the first one is no key frame
			if err := w.WriteFrame(f, time.Duration(i)*time.Second/30); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		header, got, timestamps := read(t, b)
		wantFrames(t, got, frames[30:])
		if header.NumFrames != uint32(len(got)) || timestamps[len(got)-1] != uint64(len(got)-1) || w.Dropped() != 1 {
			t.Errorf("%s: header %+v, last timestamp %d, %d dropped", v.clip, header, timestamps[len(got)-1], w.Dropped())
		}
	}
}

func TestWriteFrameAddsTheTemporalDelimiter(t *testing.T) {
	_, frames := clip(t, "av1.ivf")
	var b bytes.Buffer
	w, _ := NewWith(&b, WithCodec("video/av1"))
	if err := w.WriteFrame(frames[0][2:], 0); err != nil {
		t.Fatal(err)
	}
	w.Close()
	_, got, _ := read(t, b.Bytes())
	wantFrames(t, got, frames[:1])
}

// TestSpatialLayers: a picture of several frames has the index by which a decoder
// finds them.
func TestSpatialLayers(t *testing.T) {
	_, frames := clip(t, "vp9.ivf")
	layer := func(seq uint16, sid byte, begin, end bool, media []byte) *rtp.Packet {
		// RFC 9628 §4.2: I P L F B E V Z, then TID U SID D, then TL0PICIDX.
		head, flags := byte(0x20), sid<<1
		if begin {
			head |= 0x08
		}
		if end {
			head |= 0x04
		}
		if sid > 0 {
			flags |= 1
		}
		return &rtp.Packet{Header: rtp.Header{SequenceNumber: seq, Marker: sid == 1 && end}, Payload: append([]byte{head, flags, 0}, media...)}
	}
	key, upper := frames[0], frames[1]
	whole := []*rtp.Packet{
		layer(0, 0, true, false, key[:100]), layer(1, 0, false, true, key[100:]),
		layer(2, 1, true, false, upper[:50]), layer(3, 1, false, true, upper[50:]),
	}
	file, _ := write(t, whole, WithCodec("video/VP9"))
	_, got, _ := read(t, file)
	a, b := len(key), len(upper)
	index := []byte{0xd9, byte(a), byte(a >> 8), 0, 0, byte(b), byte(b >> 8), 0, 0, 0xd9}
	wantFrames(t, got, [][]byte{bytes.Join([][]byte{key, upper, index}, nil)})

	// An upper layer whose lower one is lost is no picture.
	file, w := write(t, whole[2:], WithCodec("video/VP9"))
	if _, got, _ := read(t, file); len(got) != 0 || w.Dropped() != 2 {
		t.Fatalf("%d frames, %d packets dropped, want none and 2", len(got), w.Dropped())
	}
}

func TestHeaderOfAnEmptyFile(t *testing.T) {
	file, _ := write(t, nil, WithCodec("video/AV1"), WithWidthAndHeight(11, 22))
	header, frames, _ := read(t, file)
	want := ivfreader.IVFFileHeader{FourCC: "AV01", Width: 11, Height: 22, TimebaseDenominator: 30, TimebaseNumerator: 1}
	if header != want || len(frames) != 0 {
		t.Fatalf("header %+v, %d frames, want %+v and none", header, len(frames), want)
	}
}

func TestErrors(t *testing.T) {
	if _, err := NewWith(nil); !errors.Is(err, media.ErrNilStream) {
		t.Errorf("no stream: %v", err)
	}
	if _, err := NewWith(io.Discard, WithCodec("video/H264")); !errors.Is(err, ErrUnsupportedCodec) {
		t.Errorf("H.264: %v", err)
	}
	for _, o := range []Option{WithFrameRate(0, 1), WithFrameRate(1, 0)} {
		if _, err := NewWith(io.Discard, o); !errors.Is(err, ErrTimebase) {
			t.Errorf("time base with a zero: %v", err)
		}
	}
	name := filepath.Join(t.TempDir(), "out.ivf")
	if _, err := New(name, WithCodec("x")); err == nil {
		t.Error("an unknown codec is no error")
	} else if _, err := os.Stat(name); err == nil {
		t.Error("a file was made in spite of the error")
	}
	if _, err := New(filepath.Join(name, "x")); err == nil {
		t.Error("a file that can not be made is no error")
	}
	w, err := NewWith(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteRTP(nil); !errors.Is(err, media.ErrNilPacket) {
		t.Errorf("nil packet: %v", err)
	}
	var format *media.FormatError
	if err := w.WriteFrame(nil, 0); !errors.As(err, &format) {
		t.Errorf("empty frame: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	for _, err := range []error{w.WriteRTP(&rtp.Packet{}), w.WriteFrame([]byte{0}, 0)} {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("write after Close: %v", err)
		}
	}
}

// A failing stream fails to write, and to close.
type failing struct{ closed int }

var errFull = errors.New("disk full")

func (*failing) Write([]byte) (int, error) { return 0, errFull }
func (f *failing) Close() error            { f.closed++; return errors.New("close") }

func TestOutputErrors(t *testing.T) {
	out := &failing{}
	w, err := NewWith(out)
	if err != nil {
		t.Fatal(err)
	}
	_, frames := clip(t, "vp8.ivf")
	if err := w.WriteFrame(frames[0], 0); !errors.Is(err, errFull) {
		t.Errorf("error %v, want the output's", err)
	}
	if err := w.Close(); !errors.Is(err, errFull) || out.closed != 1 {
		t.Errorf("Close: %v, closed %d times, want the first error and once", err, out.closed)
	}
}

func TestSequenceSize(t *testing.T) {
	for _, c := range []struct {
		name          string
		bits          string
		width, height int
		ok            bool
	}{
		{"reduced still picture", "000 1 1 00000 0011 0010 1001 101", 10, 6, true},
		{"one operating point", "000 0 0 0 0 00000 000000000000 01000 1 0011 0010 1001 101", 10, 6, true},
		{"everything", "000 0 0 1" + zeros(64) + "1 00101 1 00011" + zeros(32+10) +
			"1 00001 000000000000 00000 1 0000 0000 1 1 0000 000000000000 00000 0 0 0000 0000 0 1", 1, 2, true},
		{"cut short", "000 0 0 0 0 00000 0000", 0, 0, false},
		{"cut short in a long number", "000 0 0 1" + zeros(64) + "1 000000", 0, 0, false},
	} {
		width, height, ok := sequenceSize(pack(c.bits))
		if ok != c.ok || ok && (width != c.width || height != c.height) {
			t.Errorf("%s: %dx%d, %v, want %dx%d, %v", c.name, width, height, ok, c.width, c.height, c.ok)
		}
	}
}

func zeros(n int) string { return string(bytes.Repeat([]byte{'0'}, n)) }

// pack makes bytes of a string of zeros and ones, in which spaces say nothing.
func pack(s string) []byte {
	var out []byte
	n := 0
	for _, c := range s {
		if c == ' ' {
			continue
		}
		if n%8 == 0 {
			out = append(out, 0)
		}
		out[n/8] |= byte(c-'0') << (7 - n%8)
		n++
	}
	return out
}

func TestAllocatesNothing(t *testing.T) {
	_, frames := clip(t, "vp8.ivf")
	in := packets(frames, videos[0].payloader())
	w, err := NewWith(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range in {
		w.WriteRTP(p)
	}
	seq, timestamp, at := in[len(in)-1].SequenceNumber, in[len(in)-1].Timestamp, 0
	if n := testing.AllocsPerRun(len(in), func() {
		p := in[at%len(in)]
		if at++; p.Payload[0]&0x10 != 0 {
			timestamp += 3000
		}
		seq++
		p.SequenceNumber, p.Timestamp = seq, timestamp
		w.WriteRTP(p)
	}); n != 0 {
		t.Fatalf("%v allocations a packet, want 0", n)
	}
}
