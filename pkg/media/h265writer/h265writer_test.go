package h265writer

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"github.com/parleyrtc/webrtc/pkg/media"
	"github.com/parleyrtc/webrtc/pkg/media/h265reader"
)

// frames returns the access units of the clip, without SEI, which the payloader
// below leaves in, and each behind long start codes.
func frames(t testing.TB) [][]byte {
	t.Helper()
	b, err := os.ReadFile("../../../testdata/media/h265.h265")
	if err != nil {
		t.Fatal(err)
	}
	r, err := h265reader.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for {
		unit, err := r.NextAccessUnit()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, unit.Data)
	}
}

// packets makes RTP packets of frames: aggregation packets for parameter sets,
// fragmentation units for large slices, single NAL unit packets for small ones.
func packets(frames [][]byte) []*rtp.Packet {
	var out []*rtp.Packet
	seq, payloader := uint16(65500), &codecs.H265Payloader{}
	for i, f := range frames {
		payloads := payloader.Payload(500, f)
		for j, payload := range payloads {
			out = append(out, &rtp.Packet{
				Header:  rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: uint32(i) * 3000, Marker: j == len(payloads)-1},
				Payload: payload,
			})
			seq++
		}
	}
	return out
}

func write(t testing.TB, in []*rtp.Packet) ([]byte, *H265Writer) {
	t.Helper()
	var b bytes.Buffer
	w := NewWith(&b)
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

func TestRoundTrip(t *testing.T) {
	want := frames(t)
	in := packets(want)
	kinds := map[byte]int{}
	for _, p := range in {
		kinds[p.Payload[0]>>1&0x3f]++
	}
	if kinds[1] == 0 || kinds[typeAP] == 0 || kinds[typeFU] == 0 {
		t.Fatalf("packets by type %v, want all three", kinds)
	}
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 4))
	for at := 1; at+20 < len(in); at += 20 {
		r.Shuffle(20, func(a, b int) { in[at+a], in[at+b] = in[at+b], in[at+a] })
	}
	file, w := write(t, in)
	if !bytes.Equal(file, bytes.Join(want, nil)) || w.Dropped() != 0 {
		t.Fatalf("seed %d: the file has %d bytes, want the clip's, %d; %d packets dropped", seed, len(file), len(bytes.Join(want, nil)), w.Dropped())
	}
}

func TestLoss(t *testing.T) {
	all := frames(t)
	for _, lost := range []struct {
		name  string
		nth   int  // which packet of the second key frame is lost, -1 for the last one
		slice bool // its slice is missing then, not its parameter sets
	}{
		{"parameter sets", 0, false},
		{"start of the slice", 1, true},
		{"middle of the slice", 2, true},
		{"end of the slice", -1, true},
	} {
		in := packets(all)
		var frame, rest []*rtp.Packet
		for _, p := range in {
			if p.Timestamp == 30*3000 {
				frame = append(frame, p)
			}
		}
		gone := lost.nth
		if gone < 0 {
			gone = len(frame) - 1
		}
		for _, p := range in {
			if p != frame[gone] {
				rest = append(rest, p)
			}
		}
		file, w := write(t, rest)
		// The second key frame is VPS, SPS, PPS and a slice.
		units := bytes.SplitN(all[30][4:], []byte{0, 0, 0, 1}, 4)
		kept, dropped := append([]byte{0, 0, 0, 1}, units[3]...), uint64(0)
		if lost.slice {
			kept, dropped = bytes.Join([][]byte{nil, units[0], units[1], units[2]}, []byte{0, 0, 0, 1}), uint64(len(frame)-2)
		}
		want := bytes.Join([][]byte{bytes.Join(all[:30], nil), kept, bytes.Join(all[31:], nil)}, nil)
		if !bytes.Equal(file, want) {
			t.Errorf("%s: the file has %d bytes, want %d", lost.name, len(file), len(want))
		}
		if w.Dropped() != dropped {
			t.Errorf("%s: %d packets were dropped, want %d", lost.name, w.Dropped(), dropped)
		}
	}
}

func TestPackets(t *testing.T) {
	const vps, pps, idr = "\x40\x01v", "\x44\x01p", "\x28\x01i"
	for _, c := range []struct {
		name     string
		payloads []string
		want     string // units, separated by commas
		dropped  uint64
	}{
		{"begins with a parameter set", []string{"\x02\x01a", idr, vps, pps, idr}, vps + "," + pps + "," + idr, 2},
		{"AP", []string{"\x60\x01\x00\x03" + vps + "\x00\x03" + pps, idr}, vps + "," + pps + "," + idr, 0},
		{"AP with the parameter set within", []string{"\x60\x01\x00\x03\x46\x01a\x00\x03" + vps}, vps, 1},
		{"AP cut short", []string{vps, "\x60\x01\x00\x03" + pps + "\x00\x04" + idr, "\x60\x01\x00", "\x60\x01\x00\x01\x40"}, vps + "," + pps, 3},
		{"FU", []string{vps, "\x62\x01\x94a", "\x62\x01\x14b", "\x62\x01\x54c"}, vps + ",\x28\x01abc", 0},
		{"FU of an upper layer", []string{vps, "\x63\x0a\x94a", "\x63\x0a\x54c"}, vps + ",\x29\x0aac", 0},
		{"FU in one packet", []string{vps, "\x62\x01\xd4a"}, vps + ",\x28\x01a", 0},
		{"FU without start", []string{vps, "\x62\x01\x14b", "\x62\x01\x54c"}, vps, 2},
		{"FU without end", []string{vps, "\x62\x01\x94a", "\x62\x01\x14b", idr}, vps + "," + idr, 2},
		{"FU begun twice", []string{vps, "\x62\x01\x94a", "\x62\x01\x94b", "\x62\x01\x54c"}, vps + ",\x28\x01bc", 1},
		{"FU before the parameter set", []string{"\x62\x01\x94a", "\x62\x01\x54c", vps}, vps, 2},
		{"FU cut short", []string{vps, "\x62", "\x62\x01", "\x62\x01\x94"}, vps, 3},
		{"types that are not used", []string{vps, "\x64\x01a", "\x66\x01a", "\x7e\x01a"}, vps, 3},
	} {
		var in []*rtp.Packet
		for i, p := range c.payloads {
			in = append(in, &rtp.Packet{Header: rtp.Header{SequenceNumber: uint16(i)}, Payload: []byte(p)})
		}
		file, w := write(t, in)
		got := bytes.ReplaceAll(bytes.TrimPrefix(file, []byte{0, 0, 0, 1}), []byte{0, 0, 0, 1}, []byte{','})
		if string(got) != c.want || w.Dropped() != c.dropped {
			t.Errorf("%s: wrote %q and dropped %d, want %q and %d", c.name, got, w.Dropped(), c.want, c.dropped)
		}
	}
}

func TestWriteFrame(t *testing.T) {
	all := frames(t)
	name := filepath.Join(t.TempDir(), "out.h265")
	w, err := New(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all[29:] {
		if err := w.WriteFrame(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, bytes.Join(all[30:], nil)) || w.Dropped() != 1 {
		t.Fatalf("the file has %d bytes, want those of all frames from the key frame on; %d dropped", len(got), w.Dropped())
	}
}

func TestErrors(t *testing.T) {
	if _, err := New(filepath.Join(t.TempDir(), "no", "such", "folder")); err == nil {
		t.Error("a file that can not be made is no error")
	}
	if err := NewWith(nil).WriteFrame([]byte("\x00\x00\x01\x40\x01v")); !errors.Is(err, media.ErrNilStream) {
		t.Errorf("no stream: %v", err)
	}
	w := NewWith(io.Discard)
	if err := w.WriteRTP(nil); !errors.Is(err, media.ErrNilPacket) {
		t.Errorf("nil packet: %v", err)
	}
	var format *media.FormatError
	if err := w.WriteFrame([]byte("\x40\x01v")); !errors.As(err, &format) || format.Format != "H.265" {
		t.Errorf("frame without start code: %v", err)
	}
	for range 2 {
		if err := w.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	for _, err := range []error{w.WriteRTP(&rtp.Packet{}), w.WriteFrame(nil)} {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("write after Close: %v", err)
		}
	}
	out := &failing{}
	w = NewWith(out)
	if err := w.WriteRTP(&rtp.Packet{Payload: []byte("\x40\x01v")}); !errors.Is(err, errFull) {
		t.Errorf("error %v, want the output's", err)
	}
	if err := w.Close(); !errors.Is(err, errClose) || out.closed != 1 {
		t.Errorf("Close: %v, closed %d times", err, out.closed)
	}
}

// A failing stream fails to write, and to close.
type failing struct{ closed int }

var errFull, errClose = errors.New("disk full"), errors.New("close")

func (*failing) Write([]byte) (int, error) { return 0, errFull }
func (f *failing) Close() error            { f.closed++; return errClose }

func TestAllocatesNothing(t *testing.T) {
	in := packets(frames(t))
	w := NewWith(io.Discard)
	for _, p := range in {
		w.WriteRTP(p)
	}
	ssrc, at := uint32(1), 0
	if n := testing.AllocsPerRun(2*len(in), func() {
		p := in[at%len(in)]
		if at++; at%len(in) == 1 {
			ssrc++
		}
		p.SSRC = ssrc
		w.WriteRTP(p)
	}); n != 0 {
		t.Fatalf("%v allocations a packet, want 0", n)
	}
}

// FuzzWriter gives a writer packets: two bytes of sequence number, one of length,
// and a payload.
func FuzzWriter(f *testing.F) {
	var seed []byte
	for _, p := range packets(frames(f)[:2]) {
		payload := p.Payload[:min(len(p.Payload), 40)]
		seed = append(seed, byte(p.SequenceNumber>>8), byte(p.SequenceNumber), byte(len(payload)))
		seed = append(seed, payload...)
	}
	f.Add(seed)
	f.Add([]byte("\x00\x01\x07\x60\x01\x00\x03\x40\x01v\x00\x02"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var b bytes.Buffer
		w := NewWith(&b)
		for len(data) >= 3 {
			n := min(int(data[2]), len(data)-3)
			if err := w.WriteRTP(&rtp.Packet{Header: rtp.Header{SequenceNumber: uint16(data[0])<<8 | uint16(data[1])}, Payload: data[3 : 3+n]}); err != nil {
				t.Fatal(err)
			}
			data = data[3+n:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := h265reader.NewReader(&b)
		if err != nil {
			t.Fatal(err)
		}
		for {
			// What a peer sends may have a start code within, and so be no unit.
			if _, err := r.NextNAL(); err == io.EOF || errors.As(err, new(*media.FormatError)) {
				return
			} else if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func BenchmarkWriteRTP(b *testing.B) {
	in := packets(frames(b))
	w := NewWith(io.Discard)
	ssrc := uint32(0)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%len(in) == 0 {
			ssrc++ // the clip again, as another source
		}
		p := in[i%len(in)]
		p.SSRC = ssrc
		if err := w.WriteRTP(p); err != nil {
			b.Fatal(err)
		}
	}
}
