#include "textflag.h"

// The factors of even and odd, multiplied out, for pairs of coefficients: 0 and 4, then 2 and 6, then 1 and 7 with 3 and 5.
DATA factors<>+0(SB)/4, $0x20002000 // 8192, 8192
DATA factors<>+4(SB)/4, $0xe0002000 // 8192, -8192
DATA factors<>+8(SB)/4, $0x115129cf // 10703, 4433
DATA factors<>+12(SB)/4, $0xd6301151 // 4433, -10704
DATA factors<>+16(SB)/4, $0xd39d08d4 // 2260, -11363
DATA factors<>+20(SB)/4, $0x25a1e6dc // -6436, 9633
DATA factors<>+24(SB)/4, $0x25a11925 // 6437, 9633
DATA factors<>+28(SB)/4, $0x08d5d39e // -11362, 2261
DATA factors<>+32(SB)/4, $0xe6dc25a1 // 9633, -6436
DATA factors<>+36(SB)/4, $0xd39ef72d // -2259, -11362
DATA factors<>+40(SB)/4, $0x08d42c63 // 11363, 2260
DATA factors<>+44(SB)/4, $0x192525a1 // 9633, 6437
DATA factors<>+48(SB)/4, $0x00000400 // half of the first shift
DATA factors<>+52(SB)/4, $0x00020000 // half of the second
DATA factors<>+56(SB)/4, $0xfffff000 // of a magnitude, or a sum of them, that is above 4095
DATA factors<>+60(SB)/4, $0x80808080 // 128, in each byte
GLOBL factors<>(SB), RODATA|NOPTR, $64

// Which words come first: 0 and 4, 2 and 6, 1 and 7, 3 and 5 of a row.
DATA paired<>+0(SB)/8, $0x0d0c050409080100
DATA paired<>+8(SB)/8, $0x0b0a07060f0e0302
GLOBL paired<>(SB), RODATA|NOPTR, $16

// Which words come first: those of one row, then of the next.
DATA byRow<>+0(SB)/8, $0x0b0a030209080100
DATA byRow<>+8(SB)/8, $0x0f0e07060d0c0504
GLOBL byRow<>(SB), RODATA|NOPTR, $16

// TIMES multiplies a pair with two factors and adds both products.
#define TIMES(factors, pair, to) \
	VPBROADCASTD factors, to   \
	VPMADDWD     to, pair, to

// TURN adds and subtracts what odd coefficients give: of the pairs Y2 and Y3, from an even sum.
#define TURN(one, other, even, sum) \
	TIMES(one, Y2, Y7)     \
	TIMES(other, Y3, sum)  \
	VPADDD sum, Y7, Y7     \
	VPADDD Y7, even, sum   \
	VPSUBD Y7, even, even

// BUTTERFLY transforms the pairs Y0 to Y3, with half of what is shifted out added: to Y9, Y10, Y11, Y12, Y4, Y5, Y6 and Y8.
#define BUTTERFLY(half, shift) \
	VPBROADCASTD half, Y15        \
	TIMES(factors<>+0(SB), Y0, Y4)   \
	TIMES(factors<>+4(SB), Y0, Y5)   \
	TIMES(factors<>+8(SB), Y1, Y6)   \
	TIMES(factors<>+12(SB), Y1, Y7)  \
	VPADDD Y15, Y4, Y4            \
	VPADDD Y15, Y5, Y5            \
	VPADDD Y6, Y4, Y8             \
	VPSUBD Y6, Y4, Y4             \
	VPADDD Y7, Y5, Y6             \
	VPSUBD Y7, Y5, Y5             \
	TURN(factors<>+40(SB), factors<>+44(SB), Y8, Y9)  \
	TURN(factors<>+32(SB), factors<>+36(SB), Y6, Y10) \
	TURN(factors<>+24(SB), factors<>+28(SB), Y5, Y11) \
	TURN(factors<>+16(SB), factors<>+20(SB), Y4, Y12) \
	VPSRAD shift, Y9, Y9          \
	VPSRAD shift, Y10, Y10        \
	VPSRAD shift, Y11, Y11        \
	VPSRAD shift, Y12, Y12        \
	VPSRAD shift, Y4, Y4          \
	VPSRAD shift, Y5, Y5          \
	VPSRAD shift, Y6, Y6          \
	VPSRAD shift, Y8, Y8

// ROW loads a row of coefficients, and adds their magnitudes to Y15. Y13 collects their bits, since a sum of 32 bits may wrap around.
#define ROW(at, to) \
	VMOVDQU at(SI), to      \
	VPABSD  to, Y14         \
	VPOR    Y14, Y13, Y13   \
	VPADDD  Y14, Y15, Y15

// PAIR puts the rows a and b side by side, in words.
#define PAIR(a, b, to) \
	VPSLLD   $16, b, b      \
	VPBLENDW $0xaa, b, a, to

// func inverseLanes(block *[64]int32, to *uint8, stride int) bool
TEXT ·inverseLanes(SB), NOSPLIT, $0-25
	MOVQ         block+0(FP), SI
	MOVQ         to+8(FP), DI
	MOVQ         stride+16(FP), R8
	VPXOR        Y13, Y13, Y13
	VPXOR        Y15, Y15, Y15
	ROW(0, Y0)
	ROW(32, Y2)
	ROW(64, Y1)
	ROW(96, Y3)
	ROW(128, Y4)
	ROW(160, Y5)
	ROW(192, Y6)
	ROW(224, Y7)
	VPBROADCASTD factors<>+56(SB), Y14
	VPOR         Y13, Y15, Y15
	VPTEST       Y14, Y15
	JNZ          beyond
	PAIR(Y0, Y4, Y0)
	PAIR(Y1, Y6, Y1)
	PAIR(Y2, Y7, Y2)
	PAIR(Y3, Y5, Y3)
	BUTTERFLY(factors<>+48(SB), $11)

	// Rows 0 and 4, 1 and 5, 2 and 6, 3 and 7; then the pairs of each column.
	VPACKSSDW      Y4, Y9, Y0
	VPACKSSDW      Y5, Y10, Y1
	VPACKSSDW      Y6, Y11, Y2
	VPACKSSDW      Y8, Y12, Y3
	VBROADCASTI128 paired<>(SB), Y15
	VPERMQ         $0xd8, Y0, Y0
	VPERMQ         $0xd8, Y1, Y1
	VPERMQ         $0xd8, Y2, Y2
	VPERMQ         $0xd8, Y3, Y3
	VPSHUFB        Y15, Y0, Y0
	VPSHUFB        Y15, Y1, Y1
	VPSHUFB        Y15, Y2, Y2
	VPSHUFB        Y15, Y3, Y3
	VPUNPCKLDQ     Y1, Y0, Y4
	VPUNPCKHDQ     Y1, Y0, Y5
	VPUNPCKLDQ     Y3, Y2, Y6
	VPUNPCKHDQ     Y3, Y2, Y7
	VPUNPCKLQDQ    Y6, Y4, Y0
	VPUNPCKHQDQ    Y6, Y4, Y1
	VPUNPCKLQDQ    Y7, Y5, Y2
	VPUNPCKHQDQ    Y7, Y5, Y3
	BUTTERFLY(factors<>+52(SB), $18)

	// Columns 0 and 2, 1 and 3, 4 and 6, 5 and 7, in bytes; then the four columns of each row.
	VPACKSSDW      Y11, Y9, Y0
	VPACKSSDW      Y12, Y10, Y1
	VPACKSSDW      Y6, Y4, Y2
	VPACKSSDW      Y8, Y5, Y3
	VPACKSSWB      Y2, Y0, Y0
	VPACKSSWB      Y3, Y1, Y1
	VPBROADCASTD   factors<>+60(SB), Y14
	VBROADCASTI128 byRow<>(SB), Y15
	VPUNPCKLBW     Y1, Y0, Y2
	VPUNPCKHBW     Y1, Y0, Y3
	VPXOR          Y14, Y2, Y2
	VPXOR          Y14, Y3, Y3
	VPSHUFB        Y15, Y2, Y2
	VPSHUFB        Y15, Y3, Y3
	VPUNPCKLDQ     Y3, Y2, Y0
	VPUNPCKHDQ     Y3, Y2, Y1
	VEXTRACTI128   $1, Y0, X2
	VEXTRACTI128   $1, Y1, X3
	LEAQ           (R8)(R8*2), R9
	LEAQ           (DI)(R8*4), R10
	VMOVQ          X0, (DI)
	VMOVHPS        X0, (DI)(R8*1)
	VMOVQ          X1, (DI)(R8*2)
	VMOVHPS        X1, (DI)(R9*1)
	VMOVQ          X2, (R10)
	VMOVHPS        X2, (R10)(R8*1)
	VMOVQ          X3, (R10)(R8*2)
	VMOVHPS        X3, (R10)(R9*1)
	VZEROUPPER
	MOVB           $1, ret+24(FP)
	RET

beyond:
	VZEROUPPER
	MOVB $0, ret+24(FP)
	RET
