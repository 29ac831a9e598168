package datachannel

// fifo is a queue, first in, first out, which keeps a little memory while it is
// empty and none for what has left it.
type fifo[T any] struct {
	items []T
	head  int // items before it are gone
}

// keepItems is the capacity that an empty queue keeps.
const keepItems = 64

func (q *fifo[T]) len() int { return len(q.items) - q.head }

// first returns the item that pop would return, which has to be there.
func (q *fifo[T]) first() *T { return &q.items[q.head] }

func (q *fifo[T]) push(item T) {
	// A queue that is never empty would creep through memory.
	if q.head > keepItems/2 && q.head*2 > len(q.items) {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, item)
}

func (q *fifo[T]) pop() T {
	var zero T
	item := q.items[q.head]
	q.items[q.head] = zero
	if q.head++; q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
		if cap(q.items) > keepItems {
			q.items = nil
		}
	}
	return item
}
