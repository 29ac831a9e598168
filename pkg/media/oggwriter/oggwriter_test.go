package oggwriter

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/pkg/media"
	"github.com/parleyrtc/webrtc/pkg/media/oggreader"
)

// sound returns the Opus packets of the clip.
func sound(t testing.TB) [][]byte {
	t.Helper()
	b, err := os.ReadFile("../../../testdata/media/opus.ogg")
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := oggreader.NewWith(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for p, err := range r.Packets() {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p.Data)
	}
	return out
}

// packets makes RTP packets of Opus packets of 20 ms, across both wraps.
func packets(opus [][]byte) []*rtp.Packet {
	var out []*rtp.Packet
	for i, data := range opus {
		out = append(out, &rtp.Packet{
			Header:  rtp.Header{Version: 2, SSRC: 5, SequenceNumber: 65500 + uint16(i), Timestamp: 1<<32 - 5000 + uint32(i)*960},
			Payload: data,
		})
	}
	return out
}

func write(t testing.TB, in []*rtp.Packet) ([]byte, *OggWriter) {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWith(&b, 48000, 2)
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

// read returns the packets of a file and the granule positions of their pages,
// having checked that there is one packet on each page, that a page's position is
// that of the samples in it, and that the last page of each stream says so.
func read(t testing.TB, file []byte) (data [][]byte, granules []uint64) {
	t.Helper()
	pages, err := oggreader.NewWithOptions(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	single, _ := oggreader.NewWithOptions(bytes.NewReader(file))
	positions := map[uint32]uint64{}
	for {
		payload, page, err := pages.ParseNextPage()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := page.HeaderType(payload); ok || len(payload) == 0 {
			continue
		}
		p, err := single.NextPacket()
		if err != nil || !bytes.Equal(p.Data, payload) || p.Serial != page.Serial {
			t.Fatalf("page of %d bytes is not one packet: %v", len(payload), err)
		}
		positions[page.Serial] += uint64(p.Duration * 48000 / time.Second)
		if page.GranulePosition != positions[page.Serial] {
			t.Fatalf("granule position %d after %d samples", page.GranulePosition, positions[page.Serial])
		}
		data, granules = append(data, payload), append(granules, page.GranulePosition)
	}
	// Flag 4 of a page's header is in the sixth byte: the last page of the file
	// is that of a stream.
	if last := bytes.LastIndex(file, []byte("OggS")); file[last+5]&4 == 0 {
		t.Fatal("the last page does not say so")
	}
	return data, granules
}

func wantPackets(t *testing.T, got, want [][]byte) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d packets, want %d", len(got), len(want))
	}
	for i := range got {
		if !bytes.Equal(got[i], want[i]) {
			t.Fatalf("packet %d is %d bytes, want %d others", i, len(got[i]), len(want[i]))
		}
	}
}

func TestRoundTrip(t *testing.T) {
	want := sound(t)
	file, w := write(t, packets(want))
	got, granules := read(t, file)
	wantPackets(t, got, want)
	if granules[len(granules)-1] != uint64(len(want))*960 || w.Dropped() != 0 {
		t.Errorf("last granule position %d, %d dropped", granules[len(granules)-1], w.Dropped())
	}
	r, header, err := oggreader.NewWith(bytes.NewReader(file))
	if err != nil || *header != (oggreader.OggHeader{Version: 1, Channels: 2, PreSkip: 3840, SampleRate: 48000}) {
		t.Errorf("header %+v, %v", header, err)
	}
	payload, _, err := r.ParseNextPage()
	if err != nil {
		t.Fatal(err)
	}
	if tags, err := oggreader.ParseOpusTags(payload); err != nil || tags.Vendor != vendor {
		t.Errorf("tags %+v, %v", tags, err)
	}
}

func TestDisorderAndDuplicates(t *testing.T) {
	want := sound(t)
	in := packets(want)
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 5))
	for at := 1; at+30 < len(in); at += 30 {
		r.Shuffle(30, func(a, b int) { in[at+a], in[at+b] = in[at+b], in[at+a] })
	}
	in = append(in, in[100:110]...)
	file, w := write(t, in)
	got, _ := read(t, file)
	wantPackets(t, got, want)
	if w.Dropped() != 10 {
		t.Errorf("seed %d: %d packets were dropped, want the 10 that came twice", seed, w.Dropped())
	}
}

// TestGaps: what the timestamps say is missing is concealed, and what comes
// after is at its time.
func TestGaps(t *testing.T) {
	const toc = 0x78 // hybrid, 20 ms
	for _, c := range []struct {
		name string
		at   []int    // times of packets in samples, which are of 20 ms
		want []string // packets in hexadecimal, "·" for those that came
	}{
		{"none", []int{0, 960, 1920}, []string{"·", "·", "·"}},
		{"one packet", []int{0, 1920}, []string{"·", "7b01", "·"}},
		{"half a second", []int{0, 960 + 24000}, []string{"·", "7b06", "7b06", "7b06", "7b06", "7b01", "·"}},
		{"not of whole frames", []int{0, 960 + 1200}, []string{"·", "7b01", "e302", "·"}},
		{"too short", []int{0, 960 + 119}, []string{"·", "·"}},
		{"too short alone, but not together", []int{0, 1020, 2040}, []string{"·", "·", "e301", "·"}},
		{"overlap", []int{0, 480, 960 + 960}, []string{"·", "·", "·"}},
		{"a minute", []int{0, 960 + maxGap}, append(append([]string{"·"}, strings.Split(strings.Repeat("7b06,", 500), ",")[:500]...), "·")},
		{"more than a minute", []int{0, 960 + maxGap + 1, 1920 + maxGap + 1}, []string{"·", "·", "·"}},
		{"far back", []int{100000, 100, 1060, 2980}, []string{"·", "·", "·", "7b01", "·"}},
	} {
		var in []*rtp.Packet
		for i, at := range c.at {
			in = append(in, &rtp.Packet{Header: rtp.Header{SequenceNumber: uint16(i), Timestamp: uint32(at)}, Payload: []byte{toc, 1, 2, 3}})
		}
		file, _ := write(t, in)
		data, _ := read(t, file)
		var got []string
		for _, d := range data {
			if len(d) == 4 {
				got = append(got, "·")
			} else {
				got = append(got, fmt.Sprintf("%x", d))
			}
		}
		if strings.Join(got, " ") != strings.Join(c.want, " ") {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestLossIsConcealed(t *testing.T) {
	all := sound(t)
	in := packets(all)
	in = append(in[:100:100], in[103:]...)
	file, _ := write(t, in)
	got, granules := read(t, file)
	if len(got) != 100+1+len(all)-103 || !bytes.Equal(got[100], []byte{all[99][0] | 3, 3}) || granules[101] != 104*960 {
		t.Fatalf("%d packets, % x in place of three, then granule position %d", len(got), got[100], granules[101])
	}
}

func TestAnotherSourceFollows(t *testing.T) {
	all := sound(t)
	first, second := packets(all[:100]), packets(all[100:])
	for _, p := range second {
		p.SSRC, p.Timestamp, p.SequenceNumber = 6, p.Timestamp+7777777, p.SequenceNumber-1000
	}
	file, _ := write(t, append(first, second...))
	got, _ := read(t, file)
	wantPackets(t, got, all)
}

func TestMalformedPacketsAreDropped(t *testing.T) {
	var in []*rtp.Packet
	for i, payload := range [][]byte{{0x78, 1}, {}, {0x7b, 0}, {0x7b}, append([]byte{0x78}, make([]byte, maxPacketSize)...), {0x78, 2}} {
		in = append(in, &rtp.Packet{Header: rtp.Header{SequenceNumber: uint16(i), Timestamp: uint32(i) * 960}, Payload: payload})
	}
	file, w := write(t, in)
	got, _ := read(t, file)
	wantPackets(t, got, [][]byte{{0x78, 1}, {0x7b, 4}, {0x78, 2}})
	if w.Dropped() != 3 {
		t.Errorf("%d packets were dropped, want 3: padding is none", w.Dropped())
	}
}

func TestWritePacket(t *testing.T) {
	want := sound(t)
	name := filepath.Join(t.TempDir(), "out.ogg")
	w, err := New(name, 44100, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range want {
		if err := w.WritePacket(p); err != nil {
			t.Fatal(err)
		}
	}
	var format *media.FormatError
	for _, p := range [][]byte{nil, {0x7b}, append([]byte{0x78}, make([]byte, maxPacketSize)...)} {
		if err := w.WritePacket(p); !errors.As(err, &format) {
			t.Errorf("packet of %d bytes: %v", len(p), err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := read(t, file)
	wantPackets(t, got, want)
	if _, header, err := oggreader.NewWith(bytes.NewReader(file)); err != nil || header.SampleRate != 44100 || header.Channels != 1 {
		t.Errorf("header %+v, %v", header, err)
	}
}

func TestSeveralTracks(t *testing.T) {
	var b bytes.Buffer
	w, err := NewWriter(&b, WithVendor("all"), WithSampleRate(8000), WithSeekableOutput(nil))
	if err != nil {
		t.Fatal(err)
	}
	one, err := w.NewTrack(1, WithSerial(11), WithChannelCount(1), WithUserComments(UserComment{"TITLE", "größer"}))
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 70000)
	two, err := w.NewTrack(2, WithSerial(22), WithVendor(long), WithChannelMapping(255, 1, 1, []byte{1, 0, 255}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.NewTrack(3, WithSerial(33)); err != nil { // has no packets
		t.Fatal(err)
	}
	for i, p := range packets(sound(t)[:20]) {
		track := []*Track{one, two}[i%2]
		p.SSRC, p.SequenceNumber, p.Timestamp = uint32(1+i%2), uint16(i/2), uint32(i/2)*960
		if err := track.WriteRTP(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := one.WriteRTP(&rtp.Packet{Header: rtp.Header{SSRC: 2}}); !errors.Is(err, ErrSSRC) {
		t.Errorf("another track's packet: %v", err)
	}
	if _, err := w.NewTrack(4); !errors.Is(err, ErrStarted) {
		t.Errorf("a late track: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if one.Dropped() != 0 {
		t.Errorf("%d packets were dropped", one.Dropped())
	}

	r, err := oggreader.NewWithOptions(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	comments := map[uint32][]byte{}
	for {
		payload, page, err := r.ParseNextPage()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		kind, ok := page.HeaderType(payload)
		switch {
		case ok && kind == oggreader.HeaderOpusID:
			h, err := oggreader.ParseOpusHead(payload)
			if err != nil {
				t.Fatal(err)
			}
			order = append(order, fmt.Sprintf("head %d: %d channels, family %d, %d Hz, %q", page.Serial, h.Channels, h.ChannelMap, h.SampleRate, h.ChannelMapping))
		case ok || page.Serial == 22 && len(order) < 6 && len(comments[22]) > 0 && len(comments[22]) < 70020:
			comments[page.Serial] = append(comments[page.Serial], payload...)
			if ok {
				order = append(order, fmt.Sprint("tags ", page.Serial))
			}
		case len(payload) > 0 && len(order) < 9:
			order = append(order, fmt.Sprint("packet ", page.Serial))
		}
	}
	want := `head 11: 1 channels, family 0, 8000 Hz, ""
head 22: 3 channels, family 255, 8000 Hz, "\x01\x00\xff"
head 33: 2 channels, family 0, 8000 Hz, ""
tags 11
tags 22
tags 33
packet 11
packet 22
packet 11`
	if got := strings.Join(order, "\n"); got != want {
		t.Errorf("pages:\n%s\nwant:\n%s", got, want)
	}
	tags, err := oggreader.ParseOpusTags(comments[11])
	if err != nil || tags.Vendor != "all" || len(tags.UserComments) != 1 || tags.UserComments[0] != (oggreader.UserComment{Comment: "TITLE", Value: "größer"}) {
		t.Errorf("tags %+v, %v", tags, err)
	}
	if tags, err := oggreader.ParseOpusTags(comments[22]); err != nil || tags.Vendor != long {
		t.Errorf("tags of more than a page: %v", err)
	}
	if n := bytes.Count(b.Bytes(), []byte("OggS\x00\x04")); n != 3 {
		t.Errorf("%d last pages, want one of each track", n)
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		name   string
		option WriterTrackOption
		want   error
	}{
		{"mono", WithChannelCount(1), nil},
		{"no channels", WithChannelCount(0), ErrChannelCount},
		{"three channels", WithChannelCount(3), ErrChannelCount},
		{"300 channels", WithChannelCount(300), ErrChannelCount},
		{"Vorbis stereo", WithChannelMapping(1, 1, 1, []byte{0, 1}), nil},
		{"Vorbis mono", WithChannelMapping(1, 1, 0, []byte{0}), nil},
		{"Vorbis, swapped", WithChannelMapping(1, 1, 1, []byte{1, 0}), ErrChannelMapping},
		{"Vorbis, one for two", WithChannelMapping(1, 1, 0, []byte{0, 0}), ErrChannelMapping},
		{"ambisonics", WithChannelMapping(2, 1, 0, []byte{0}), nil},
		{"ambisonics of two", WithChannelMapping(2, 1, 1, []byte{0, 1}), ErrChannelMapping},
		{"any", WithChannelMapping(255, 1, 1, []byte{0, 1, 0, 255}), nil},
		{"any, with one that is not there", WithChannelMapping(255, 1, 0, []byte{1}), ErrChannelMapping},
		{"two streams", WithChannelMapping(255, 2, 0, []byte{0}), ErrChannelMapping},
		{"two coupled", WithChannelMapping(255, 1, 2, []byte{0}), ErrChannelMapping},
		{"family 0", WithChannelMapping(0, 1, 1, []byte{0, 1}), ErrChannelMapping},
		{"family 3", WithChannelMapping(3, 1, 1, []byte{0, 1}), ErrChannelMapping},
		{"no mapping", WithChannelMapping(255, 1, 1, nil), ErrChannelCount},
		{"256 channels", WithChannelMapping(255, 1, 1, make([]byte, 256)), ErrChannelCount},
		{"no vendor", WithVendor(""), nil},
		{"vendor", WithVendor("\xff"), ErrTags},
		{"no comments", WithUserComments(), nil},
		{"no name", WithUserComments(UserComment{"", "x"}), ErrTags},
		{"name with =", WithUserComments(UserComment{"a=b", "x"}), ErrTags},
		{"name with ~", WithUserComments(UserComment{"a~b", "x"}), ErrTags},
		{"value", WithUserComments(UserComment{"a", "\xff"}), ErrTags},
	} {
		if _, err := NewWriter(io.Discard, c.option); !errors.Is(err, c.want) {
			t.Errorf("%s, for all tracks: %v, want %v", c.name, err, c.want)
		}
		w, err := NewWriter(io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.NewTrack(0, c.option); !errors.Is(err, c.want) {
			t.Errorf("%s, for one track: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestErrors(t *testing.T) {
	if _, err := NewWith(nil, 48000, 2); !errors.Is(err, media.ErrNilStream) {
		t.Errorf("no stream: %v", err)
	}
	name := filepath.Join(t.TempDir(), "out.ogg")
	if _, err := New(name, 48000, 3); !errors.Is(err, ErrChannelCount) {
		t.Errorf("three channels: %v", err)
	} else if _, err := os.Stat(name); err == nil {
		t.Error("a file was made in spite of the error")
	}
	if _, err := New(filepath.Join(name, "x"), 48000, 2); err == nil {
		t.Error("a file that can not be made is no error")
	}
	w, _ := NewWriter(io.Discard)
	track, _ := w.NewTrack(1, WithSerial(4))
	if _, err := w.NewTrack(1); !errors.Is(err, ErrDuplicateTrack) {
		t.Errorf("the same SSRC: %v", err)
	}
	if _, err := w.NewTrack(2, WithSerial(4)); !errors.Is(err, ErrDuplicateTrack) {
		t.Errorf("the same serial number: %v", err)
	}
	if err := track.WriteRTP(nil); !errors.Is(err, media.ErrNilPacket) {
		t.Errorf("nil packet: %v", err)
	}
	for range 2 {
		if err := w.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	_, err := w.NewTrack(3)
	for _, err := range []error{err, track.WriteRTP(&rtp.Packet{}), track.WritePacket([]byte{0x78})} {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}

	// The writer fails at each of its writes in turn.
	for n := range 4 {
		out := &failing{good: n}
		w, err := NewWith(out, 48000, 2)
		if n < 2 {
			if !errors.Is(err, errFull) {
				t.Errorf("header %d: %v", n, err)
			}
			continue
		}
		first, second := w.WritePacket([]byte{0x78}), w.WritePacket([]byte{0x78})
		if n == 2 && (first != nil || !errors.Is(second, errFull)) {
			t.Errorf("first packet: %v, %v", first, second)
		}
		if err := w.Close(); n == 3 && !errors.Is(err, errFull) || out.closed != 1 {
			t.Errorf("Close: %v, closed %d times", err, out.closed)
		}
	}
}

// A failing stream fails after some good writes.
type failing struct{ good, closed int }

var errFull = errors.New("disk full")

func (f *failing) Write(b []byte) (int, error) {
	if f.good--; f.good < 0 {
		return 0, errFull
	}
	return len(b), nil
}
func (f *failing) Close() error { f.closed++; return nil }

func TestAllocatesNothing(t *testing.T) {
	w, err := NewWith(io.Discard, 48000, 2)
	if err != nil {
		t.Fatal(err)
	}
	p := &rtp.Packet{Payload: append([]byte{0x78}, make([]byte, 100)...)}
	if n := testing.AllocsPerRun(1000, func() {
		w.WriteRTP(p)
		p.SequenceNumber++
		p.Timestamp += 960
	}); n != 0 {
		t.Fatalf("%v allocations a packet, want 0", n)
	}
}

// FuzzWriter gives a writer packets: two bytes of sequence number, one of
// timestamp in 10 ms, one of length, and a payload.
func FuzzWriter(f *testing.F) {
	var seed []byte
	for i, p := range sound(f)[:8] {
		p = p[:min(len(p), 20)]
		seed = append(seed, 0, byte(i), byte(i*2), byte(len(p)))
		seed = append(seed, p...)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		var b bytes.Buffer
		w, err := NewWith(&b, 48000, 2)
		if err != nil {
			t.Fatal(err)
		}
		for len(data) >= 4 {
			n := min(int(data[3]), len(data)-4)
			if err := w.WriteRTP(&rtp.Packet{
				Header:  rtp.Header{SequenceNumber: uint16(data[0])<<8 | uint16(data[1]), Timestamp: uint32(data[2]) * 480},
				Payload: data[4 : 4+n],
			}); err != nil {
				t.Fatal(err)
			}
			data = data[4+n:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		read(t, b.Bytes())
	})
}

func BenchmarkWriteRTP(b *testing.B) {
	w, err := NewWith(io.Discard, 48000, 2)
	if err != nil {
		b.Fatal(err)
	}
	p := &rtp.Packet{Payload: append([]byte{0x78}, make([]byte, 159)...)}
	b.ReportAllocs()
	for b.Loop() {
		if err := w.WriteRTP(p); err != nil {
			b.Fatal(err)
		}
		p.SequenceNumber++
		p.Timestamp += 960
	}
}
