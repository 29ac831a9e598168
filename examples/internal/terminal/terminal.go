// Package terminal finds out what an output can show and draws a progress bar
// on it.
package terminal

import (
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"

	"github.com/parleyrtc/webrtc/examples/internal/diagram"
)

// defaultWidth is used where the output has none to tell.
const defaultWidth = 100

// Style returns what fits an output: colours and its width for a terminal,
// box-drawing characters where the locale is UTF-8 too. Getenv is os.Getenv.
func Style(out io.Writer, getenv func(string) string) diagram.Style {
	style := diagram.Style{Width: defaultWidth}
	if columns, err := strconv.Atoi(getenv("COLUMNS")); err == nil && columns > 0 {
		style.Width = columns
	}
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return style
	}
	if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
		style.Width = width - 1 // some terminals wrap a full line
	}
	modern := getenv("WT_SESSION") != "" // Windows Terminal sets neither locale nor TERM
	style.Unicode = modern || isUTF8(getenv)
	// https://no-color.org
	style.Color = getenv("NO_COLOR") == "" && (modern || getenv("TERM") != "" && getenv("TERM") != "dumb")
	return style
}

// isUTF8 looks at the locale as POSIX does: the first variable that is set
// decides.
func isUTF8(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := strings.ToUpper(getenv(name)); value != "" {
			return strings.Contains(value, "UTF-8") || strings.Contains(value, "UTF8")
		}
	}
	return false
}

// IsLive tells whether a line can be overwritten: on a terminal only.
func IsLive(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
