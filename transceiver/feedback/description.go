package feedback

// Types of source description items (RFC 3550 §6.5, RFC 8852 §4, RFC 9143
// §15.2).
const (
	ItemCNAME       uint8 = 1
	ItemRID         uint8 = 12
	ItemRepairedRID uint8 = 13
	ItemMID         uint8 = 15
)

// Item is one item of a source description.
type Item struct {
	SSRC uint32
	// Type is one of the Item constants or any other from 1.
	Type uint8
	// Text is at most 255 bytes of UTF-8; what is longer is cut when written. It
	// aliases the packet it was read from.
	Text []byte
}

// Description is an SDES packet (RFC 3550 §6.5). Items of one source follow each
// other.
type Description struct {
	Items []Item
}

// Append appends the description to dst, nothing if it is empty: one chunk for
// each run of items of a source, and a further packet after 31 of them.
func (d *Description) Append(dst []byte) []byte {
	for i := 0; i < len(d.Items); {
		start := len(dst)
		dst = open(dst, 0, TypeDescription)
		chunks := uint8(0)
		for ; i < len(d.Items) && chunks < maxCount; chunks++ {
			dst, i = appendChunk(dst, d.Items, i)
		}
		dst[start] |= chunks
		dst = closed(dst, start)
	}
	return dst
}

// appendChunk appends a chunk with items[i] and those behind it of the same
// source, and returns the index of the next source's.
func appendChunk(dst []byte, items []Item, i int) ([]byte, int) {
	start, ssrc := len(dst), items[i].SSRC
	dst = append32(dst, ssrc)
	for ; i < len(items) && items[i].SSRC == ssrc; i++ {
		text := items[i].Text[:min(len(items[i].Text), 255)]
		dst = append(dst, items[i].Type, uint8(len(text)))
		dst = append(dst, text...)
	}
	// RFC 3550 §6.5: "The list of items in each chunk MUST be terminated by one
	// or more null octets, … until the next 32-bit boundary."
	for {
		dst = append(dst, 0)
		if (len(dst)-start)%4 == 0 {
			return dst, i
		}
	}
}

// AppendCNAME appends a description that gives the canonical name of one source
// (at most 255 bytes).
func AppendCNAME(dst []byte, ssrc uint32, cname string) []byte {
	start := len(dst)
	cname = cname[:min(len(cname), 255)]
	dst = append32(open(dst, 1, TypeDescription), ssrc)
	dst = append(dst, ItemCNAME, uint8(len(cname)))
	dst = append(dst, cname...)
	return closed(append(dst, 0), start)
}

// Parse reads p. The items' texts alias it.
func (d *Description) Parse(p Packet) error {
	if p.Type != TypeDescription {
		return ErrKind
	}
	// The first pass only checks, so that d stays as it is if p is malformed.
	if !walkChunks(p, func(Item) {}) {
		return ErrMalformed
	}
	d.Items = d.Items[:0]
	walkChunks(p, func(i Item) { d.Items = append(d.Items, i) })
	return nil
}

// walkChunks gives each item to f, and reports whether all chunks are whole.
func walkChunks(p Packet, f func(Item)) bool {
	b := p.Body
	for range p.Count {
		if len(b) < 4 {
			return false
		}
		item := Item{SSRC: get32(b)}
		at := 4
		for {
			if at >= len(b) {
				return false
			}
			if b[at] == 0 {
				break
			}
			if at+2 > len(b) || at+2+int(b[at+1]) > len(b) {
				return false
			}
			end := at + 2 + int(b[at+1])
			item.Type, item.Text = b[at], b[at+2:end:end]
			f(item)
			at = end
		}
		at = (at + 4) &^ 3 // at least one null octet, then up to the boundary
		if at > len(b) {
			return false
		}
		b = b[at:]
	}
	return true
}
