package ogg

import (
	"bytes"
	"os"
	"testing"
)

// TestPageOfAClip writes the first page of a file of ffmpeg's again.
func TestPageOfAClip(t *testing.T) {
	b, err := os.ReadFile("../../../../testdata/media/opus.ogg")
	if err != nil {
		t.Fatal(err)
	}
	var h Header
	h.Parse(b)
	if h.Version != 0 || h.Flags != First || h.Granule != 0 || h.Serial != 1 || h.Index != 0 || h.Segments != 1 {
		t.Fatalf("header %+v", h)
	}
	content := b[HeaderSize+1 : HeaderSize+1+int(b[HeaderSize])]
	page, rest := AppendPage([]byte("before"), h, content)
	if rest != nil || !bytes.Equal(page, append([]byte("before"), b[:HeaderSize+1+len(content)]...)) {
		t.Fatalf("the page is % x", page)
	}
}

func TestLargePackets(t *testing.T) {
	const full = MaxSegments * MaxSegmentSize
	for _, size := range []int{0, 1, 254, 255, 256, 510, full - 1, full, full + 1, 2 * full, 3*full + 100} {
		content, got := bytes.Repeat([]byte{7}, size), []byte(nil)
		rest := content
		for rest != nil {
			fits := Fits(rest)
			var page []byte
			page, rest = AppendPage(nil, Header{Granule: 5}, rest)
			var h Header
			h.Parse(page)
			if fits != (rest == nil) || (h.Granule == 5) != fits || h.Granule != 5 && h.Granule != NoGranule {
				t.Fatalf("%d bytes: granule position %d on a page after which %d bytes remain", size, h.Granule, len(rest))
			}
			table := page[HeaderSize : HeaderSize+h.Segments]
			sum := 0
			for _, s := range table {
				sum += int(s)
			}
			if last := table[len(table)-1]; (last < MaxSegmentSize) != fits || sum != len(page)-HeaderSize-h.Segments {
				t.Fatalf("%d bytes: segments % x", size, table)
			}
			got = append(got, page[HeaderSize+h.Segments:]...)
		}
		if !bytes.Equal(got, content) {
			t.Fatalf("%d bytes were written of %d", len(got), size)
		}
	}
}

func TestEmptyPage(t *testing.T) {
	page := AppendEmptyPage(nil, Header{Flags: Last, Serial: 3})
	if len(page) != HeaderSize || page[5] != Last || page[26] != 0 {
		t.Fatalf("page % x", page)
	}
}
