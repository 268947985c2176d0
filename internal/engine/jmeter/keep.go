package jmeter

import (
	"bufio"
	"bytes"
	"os"
	"strings"
)

// mostKept bounds the rows that are kept as a file.
const mostKept = 256 << 20

// keeper writes JMeter's rows to a file, up to a bound. What cannot be written
// ends no load.
type keeper struct {
	file    *os.File
	out     *bufio.Writer
	left    int
	secrets mask
}

func newKeeper(file *os.File, secrets mask) *keeper {
	return &keeper{file: file, out: bufio.NewWriterSize(file, 1<<16), left: mostKept, secrets: secrets}
}

func (k *keeper) row(row []byte) {
	if k.left -= len(row) + 1; k.left < 0 {
		return
	}
	_, _ = k.out.Write(k.secrets.apply(row))
	_ = k.out.WriteByte('\n')
}

func (k *keeper) close() {
	_ = k.out.Flush()
	_ = k.file.Close()
}

// mask hides secrets in what JMeter tells of its samples: a URL may hold one.
type mask [][]byte

// shortestSecret is hidden; to hide all that looks like a shorter one would make
// texts unreadable, and hide nothing.
const shortestSecret = 4

func newMask(secrets map[string]string) mask {
	var m mask
	for _, s := range secrets {
		for line := range strings.SplitSeq(s, "\n") {
			if line = strings.TrimSpace(line); len(line) >= shortestSecret {
				m = append(m, []byte(line))
			}
		}
	}
	return m
}

func (m mask) apply(text []byte) []byte {
	for _, s := range m {
		if bytes.Contains(text, s) {
			text = bytes.ReplaceAll(text, s, []byte("***"))
		}
	}
	return text
}
