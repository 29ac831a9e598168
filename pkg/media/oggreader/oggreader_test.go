package oggreader

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/parleyrtc/webrtc/pkg/media"
	"github.com/parleyrtc/webrtc/pkg/media/internal/ogg"
)

func clip(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("../../../testdata/media/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// head is a header page's payload of a stream with two channels.
const head = "OpusHead\x01\x02\x38\x01\x80\xbb\x00\x00\x00\x00\x00"

// A file is an Ogg file in the making.
type file struct {
	bytes.Buffer
	index map[uint32]uint32
}

// page adds a page: a packet ends with each string but one that ends with "…".
func (f *file) page(serial uint32, flags uint8, packets ...string) *file {
	if f.index == nil {
		f.index = map[uint32]uint32{}
	}
	var segments, content []byte
	for _, p := range packets {
		p, goesOn := strings.CutSuffix(p, "…")
		content = append(content, p...)
		left := len(p)
		for ; left >= 255; left -= 255 {
			segments = append(segments, 255)
		}
		if goesOn && left != 0 {
			panic("a packet goes on after a full segment")
		} else if !goesOn {
			segments = append(segments, byte(left))
		}
	}
	page := ogg.AppendEmptyPage(nil, ogg.Header{Flags: flags, Serial: serial, Index: f.index[serial]})
	f.index[serial]++
	page[26] = byte(len(segments))
	page = append(append(page, segments...), content...)
	clear(page[22:26])
	sum := ogg.Checksum(0, page)
	page[22], page[23], page[24], page[25] = byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24)
	f.Write(page)
	return f
}

func begin(serial uint32) *file {
	return new(file).page(serial, ogg.First, head).page(serial, 0, "OpusTags\x00\x00\x00\x00\x00\x00\x00\x00")
}

// read returns the packets of a file, each with its serial number, and errors, as
// a list.
func read(t *testing.T, r *OggReader) (got []string) {
	t.Helper()
	for {
		p, err := r.NextPacket()
		if err == io.EOF {
			return got
		}
		if err != nil {
			if format := (*media.FormatError)(nil); !errors.As(err, &format) {
				t.Fatalf("error %v, want one of the format", err)
			}
			got = append(got, "error")
			if errors.Is(err, io.ErrUnexpectedEOF) {
				return got
			}
			continue
		}
		data := string(p.Data)
		if len(data) > 20 {
			data = data[:1] + "~" + data[len(data)-1:]
		}
		got = append(got, string(rune('0'+p.Serial))+data)
	}
}

func TestClips(t *testing.T) {
	var first []media.Sample
	for _, name := range []string{"opus.ogg", "opus-pages.ogg"} {
		r, header, err := NewWith(iotest.HalfReader(bytes.NewReader(clip(t, name))))
		if err != nil {
			t.Fatal(err)
		}
		if want := (OggHeader{Channels: 2, PreSkip: 312, SampleRate: 48000, Version: 1}); *header != want {
			t.Errorf("%s: header %+v, want %+v", name, *header, want)
		}
		var samples []media.Sample
		for s, err := range r.Samples() {
			if err != nil || s.Duration != 20*time.Millisecond {
				t.Fatalf("%s: sample of %v, %v", name, s.Duration, err)
			}
			samples = append(samples, s)
		}
		if len(samples) != 312 {
			t.Errorf("%s: %d packets, want 312", name, len(samples))
		}
		for i, s := range first {
			if !bytes.Equal(s.Data, samples[i].Data) {
				t.Fatalf("packet %d is another one in %s", i, name)
			}
		}
		first = samples
	}
}

func TestPages(t *testing.T) {
	r, _, err := NewWith(bytes.NewReader(clip(t, "opus-pages.ogg")))
	if err != nil {
		t.Fatal(err)
	}
	payload, page, err := r.ParseNextPage()
	if err != nil {
		t.Fatal(err)
	}
	if kind, ok := page.HeaderType(payload); !ok || kind != HeaderOpusTags {
		t.Errorf("second page has header %q, %v", kind, ok)
	}
	tags, err := ParseOpusTags(payload)
	if err != nil || tags.Vendor != "ffmpeg" || len(tags.UserComments) != 0 {
		t.Errorf("tags %+v, %v", tags, err)
	}
	var granules []uint64
	for {
		payload, page, err := r.ParseNextPage()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := page.HeaderType(payload); ok || page.Serial != 1 {
			t.Errorf("page %+v is a header", page)
		}
		granules = append(granules, page.GranulePosition)
	}
	if len(granules) != 7 || granules[0] != 48000 || granules[6] != 298615 {
		t.Errorf("granule positions %d", granules)
	}
}

func TestPackets(t *testing.T) {
	long := "\x78" + strings.Repeat("x", 254) // a full segment
	huge := "\x78" + strings.Repeat("x", 255*254-1)
	for _, c := range []struct {
		name string
		file *file
		want []string
	}{
		{"one on each page", begin(1).page(1, 0, "\x78a").page(1, ogg.Last, "\x78b"), []string{"1\x78a", "1\x78b"}},
		{"several on a page", begin(1).page(1, 0, "\x78a", "\x78b", "\x78c"), []string{"1\x78a", "1\x78b", "1\x78c"}},
		{"a packet of a full segment", begin(1).page(1, 0, long, "\x78b"), []string{"1\x78~x", "1\x78b"}},
		{"a packet on two pages", begin(1).page(1, 0, "\x78a", long+"…").page(1, ogg.Continued, "yz", "\x78b"), []string{"1\x78a", "1\x78~z", "1\x78b"}},
		{"a packet on three pages", begin(1).page(1, 0, long+"…").page(1, ogg.Continued, long+"…").page(1, ogg.Continued, "z"), []string{"1\x78~z"}},
		{"a packet that ends with an empty segment", begin(1).page(1, 0, long+"…").page(1, ogg.Continued, ""), []string{"1\x78~x"}},
		{"the rest is missing", begin(1).page(1, 0, long+"…").page(1, 0, "\x78b"), []string{"1\x78b"}},
		{"the start is missing", begin(1).page(1, ogg.Continued, "yz", "\x78b"), []string{"1\x78b"}},
		{"start and middle are missing", begin(1).page(1, ogg.Continued, long+"…").page(1, ogg.Continued, "z", "\x78b"), []string{"1\x78b"}},
		{"a page without packets", begin(1).page(1, 0).page(1, 0, "\x78a"), []string{"1\x78a"}},
		{"malformed packets", begin(1).page(1, 0, "\x78a", "", "\x7b\x00", "\x78b"), []string{"1\x78a", "error", "error", "1\x78b"}},
		{"a packet that is too large", begin(1).page(1, 0, huge+"…").page(1, ogg.Continued, "z", "\x78b"), []string{"error", "1\x78b"}},
		{"two streams", new(file).page(1, ogg.First, head).page(2, ogg.First, head).page(1, 0, "OpusTags").page(2, 0, "OpusTags").
			page(1, 0, long+"…").page(2, 0, "\x78b").page(1, ogg.Continued, "c"), []string{"2\x78b", "1\x78~c"}},
		{"a stream of something else", new(file).page(1, ogg.First, head).page(2, ogg.First, "\x01vorbis").page(2, 0, "\x78v", "").page(1, 0, "\x78a"), []string{"1\x78a"}},
		{"one after another", begin(1).page(1, ogg.Last, "\x78a").page(1, ogg.First, head).page(1, 0, "OpusTags").page(1, 0, "\x78b"), []string{"1\x78a", "1\x78b"}},
		{"a stream joined", new(file).page(3, 0, "\x78a"), []string{"3\x78a"}},
		{"large comments", new(file).page(1, ogg.First, head).page(1, 0, "OpusTags"+strings.Repeat("t", 255*250-8)+"…").page(1, ogg.Continued, strings.Repeat("t", 255)+"…").
			page(1, ogg.Continued, "t", "\x78a"), []string{"1\x78a"}},
		{"a broken header", new(file).page(1, ogg.First, "OpusHead"), []string{"error"}},
		{"comments at the start", new(file).page(1, ogg.First, "OpusTags"), []string{"error"}},
	} {
		r, err := NewWithOptions(bytes.NewReader(c.file.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, r); strings.Join(got, " ") != strings.Join(c.want, " ") {
			t.Errorf("%s: packets %q, want %q", c.name, got, c.want)
		}
	}
}

func TestLostPage(t *testing.T) {
	long := "\x78" + strings.Repeat("x", 254)
	f := begin(1).page(1, 0, "\x78a", long+"…")
	size := f.Len()
	f.page(1, ogg.Continued, long+"…")
	whole := f.page(1, ogg.Continued, "z", "\x78b").Bytes()
	without := append(bytes.Clone(whole[:size]), whole[size+27+1+255:]...)
	r, _, err := NewWith(bytes.NewReader(without))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := read(t, r), "1\x78a 1\x78b"; strings.Join(got, " ") != want {
		t.Fatalf("packets %q, want %q: the long one lacks its middle", got, want)
	}
}

func TestStreamsAreBounded(t *testing.T) {
	f := new(file)
	for serial := range uint32(maxStreams + 1) {
		f.page(serial, ogg.First, head)
	}
	r, _ := NewWithOptions(&f.Buffer)
	if _, err := r.NextPacket(); err == nil || err == io.EOF {
		t.Fatalf("%d streams: %v", maxStreams+1, err)
	}
}

func TestHostileFiles(t *testing.T) {
	good := begin(1).page(1, 0, "\x78a").Bytes()
	change := func(at int, b ...byte) []byte {
		c := bytes.Clone(good)
		copy(c[at:], b)
		return c
	}
	second := 27 + 1 + len(head)
	for _, c := range []struct {
		name      string
		file      []byte
		offset    int64
		truncated bool
	}{
		{"signature", change(0, 'X'), 0, false},
		{"version", change(4, 1), 0, false},
		{"checksum", change(22, 1, 2, 3, 4), 0, false},
		{"content", change(40, 0), 0, false},
		{"second page's signature", change(second, 'X'), int64(second), false},
		{"page header", good[:20], 0, true},
		{"segment table", good[:27], 0, true},
		{"page", good[:30], 0, true},
		{"second page", good[:second+10], int64(second), true},
		{"no first page", new(file).page(1, 0, head).Bytes(), 0, false},
		{"no Opus", new(file).page(1, ogg.First, "\x01vorbis").Bytes(), -1, false},
	} {
		r, _, err := NewWith(bytes.NewReader(c.file))
		for err == nil {
			_, err = r.NextPacket()
		}
		var format *media.FormatError
		if !errors.As(err, &format) || format.Offset != c.offset || errors.Is(err, io.ErrUnexpectedEOF) != c.truncated {
			t.Errorf("%s: error %v, want one about byte %d", c.name, err, c.offset)
		}
	}
	if _, _, err := NewWith(bytes.NewReader(nil)); err != io.EOF {
		t.Errorf("error %v for an empty file, want io.EOF", err)
	}
	if _, _, err := NewWith(nil); !errors.Is(err, media.ErrNilStream) {
		t.Errorf("error %v for no stream", err)
	}
	failure := errors.New("no")
	if _, err := NewWithOptions(bytes.NewReader(nil), func(*OggReader) error { return failure }); err != failure {
		t.Errorf("error %v, want the option's", err)
	}
	r, _ := NewWithOptions(bytes.NewReader(change(22, 1, 2, 3, 4)), WithDoChecksum(false))
	if got := read(t, r); len(got) != 1 {
		t.Errorf("without checksums: %q", got)
	}
}

func TestSamplesEndWithTheError(t *testing.T) {
	whole := begin(1).page(1, 0, "\x78a", "\x78b").page(1, 0, "\x78c").Bytes()
	r, _, err := NewWith(bytes.NewReader(whole[:len(whole)-1]))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range r.Samples() {
		if err = e; e == nil {
			n++
		}
	}
	if n != 2 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("%d samples, then %v, want 2 and io.ErrUnexpectedEOF", n, err)
	}
	r, _, _ = NewWith(bytes.NewReader(whole))
	for range r.Packets() {
		break // an iterator may be left
	}
	if p, err := r.NextPacket(); err != nil || string(p.Data) != "\x78b" {
		t.Fatalf("packet %+v, %v after the first one", p, err)
	}
}

func TestResetReader(t *testing.T) {
	whole := begin(1).page(1, 0, "\x78a").page(1, 0, "\x78b").Bytes()
	r, _, err := NewWith(bytes.NewReader(whole[:len(whole)-1]))
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, r); strings.Join(got, " ") != "1\x78a error" {
		t.Fatalf("packets %q of what there is", got)
	}
	r.ResetReader(func(n int64) io.Reader { return bytes.NewReader(whole[n:]) })
	if got := read(t, r); strings.Join(got, " ") != "1\x78b" {
		t.Fatalf("packets %q of the rest", got)
	}
}

func TestParseOpusHead(t *testing.T) {
	mapped := func(family byte, table string) string { return head[:18] + string(rune(family)) + table }
	for _, c := range []struct {
		name, payload string
		want          *OggHeader // nil for an error
	}{
		{"stereo", head, &OggHeader{Version: 1, Channels: 2, PreSkip: 312, SampleRate: 48000}},
		{"more to come", head[:8] + "\x0f" + head[9:] + "future", &OggHeader{Version: 15, Channels: 2, PreSkip: 312, SampleRate: 48000}},
		{"mapped", mapped(1, "\x01\x01\x00\x01"), &OggHeader{Version: 1, Channels: 2, PreSkip: 312, SampleRate: 48000, ChannelMap: 1, StreamCount: 1, CoupledCount: 1, ChannelMapping: "\x00\x01"}},
		{"silence", mapped(127, "\x01\x00\xff\x00"), nil},
		{"empty", "", nil},
		{"short", head[:18], nil},
		{"signature", "OpusHeat" + head[8:], nil},
		{"version", head[:8] + "\x10" + head[9:], nil},
		{"no channels", head[:9] + "\x00" + head[10:], nil},
		{"three channels", head[:9] + "\x03" + head[10:], nil},
		{"no table", mapped(1, ""), nil},
		{"short table", mapped(1, "\x01\x01\x00"), nil},
		{"no streams", mapped(1, "\x00\x00\x00\x00"), nil},
		{"more coupled than there are", mapped(1, "\x01\x02\x00\x01"), nil},
		{"too many", mapped(1, "\xff\x01\x00\x01"), nil},
		{"a channel that is not there", mapped(1, "\x01\x01\x00\x02"), nil},
	} {
		got, err := ParseOpusHead([]byte(c.payload))
		if c.name == "silence" {
			c.want = &OggHeader{Version: 1, Channels: 2, PreSkip: 312, SampleRate: 48000, ChannelMap: 127, StreamCount: 1, ChannelMapping: "\xff\x00"}
		}
		var format *media.FormatError
		if c.want == nil && !errors.As(err, &format) || c.want != nil && (err != nil || *got != *c.want) {
			t.Errorf("%s: header %+v, %v, want %+v", c.name, got, err, c.want)
		}
	}
}

func TestParseOpusTags(t *testing.T) {
	good := "OpusTags\x03\x00\x00\x00abc\x02\x00\x00\x00\x07\x00\x00\x00A=b=c d\x01\x00\x00\x00x"
	tags, err := ParseOpusTags([]byte(good))
	if err != nil || tags.Vendor != "abc" || len(tags.UserComments) != 2 || tags.UserComments[0] != (UserComment{"A", "b=c d"}) || tags.UserComments[1] != (UserComment{"x", ""}) {
		t.Fatalf("tags %+v, %v", tags, err)
	}
	for n := range len(good) {
		var format *media.FormatError
		if _, err := ParseOpusTags([]byte(good[:n])); !errors.As(err, &format) {
			t.Errorf("the first %d bytes: %v", n, err)
		}
	}
	if _, err := ParseOpusTags([]byte("OpusTags\x00\x00\x00\x00\xff\xff\xff\xff")); err == nil {
		t.Error("four milliards of comments are no error")
	}
}

func FuzzReader(f *testing.F) {
	f.Add(clip(f, "opus.ogg")[:4000])
	f.Add(clip(f, "opus-pages.ogg")[:20000])
	f.Add(new(file).page(1, ogg.First, head).page(2, ogg.First, "\x01vorbis").page(1, 0, "\x78a", strings.Repeat("x", 255)+"…").page(1, ogg.Continued|ogg.Last, "z").Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := NewWithOptions(bytes.NewReader(b), WithDoChecksum(false))
		if err != nil {
			t.Fatal(err)
		}
		total := 0
		for errs := 0; errs <= len(b); {
			p, err := r.NextPacket()
			if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
				return
			}
			if err != nil {
				errs++
				continue
			}
			if total += len(p.Data); len(p.Data) == 0 || p.Duration <= 0 || p.Duration > 120*time.Millisecond || total > len(b) {
				t.Fatalf("packet of %d bytes and %v", len(p.Data), p.Duration)
			}
		}
	})
}

func FuzzHeaders(f *testing.F) {
	f.Add([]byte(head))
	f.Add([]byte(head[:18] + "\x01\x01\x01\x00\x01"))
	f.Add([]byte("OpusTags\x03\x00\x00\x00abc\x02\x00\x00\x00\x07\x00\x00\x00A=b=c d\x01\x00\x00\x00x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := ParseOpusHead(b); (h == nil) == (err == nil) {
			t.Fatalf("header %+v, %v", h, err)
		}
		if tags, err := ParseOpusTags(b); (tags == nil) == (err == nil) {
			t.Fatalf("tags %+v, %v", tags, err)
		}
	})
}
