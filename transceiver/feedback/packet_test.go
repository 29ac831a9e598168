package feedback

import (
	"testing"

	"github.com/pion/rtcp"
)

func TestReader(t *testing.T) {
	nack := Nack{Sender: 1, Media: 2, Sequences: []uint16{10, 12}}
	b := PictureLoss{Sender: 1, Media: 2}.Append(nack.Append((&ReceiverReport{SSRC: 1}).Append(nil)))
	if _, err := rtcp.Unmarshal(b); err != nil {
		t.Fatal(err)
	}
	r := NewReader(b)
	var kinds []Kind
	for p, ok := r.Next(); ok; p, ok = r.Next() {
		kinds = append(kinds, p.Kind())
	}
	if len(kinds) != 3 || kinds[0] != KindReceiverReport || kinds[1] != KindNack || kinds[2] != KindPictureLoss || r.Malformed() != 0 {
		t.Errorf("kinds %v, %d malformed", kinds, r.Malformed())
	}
}
