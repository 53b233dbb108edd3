package evidence

import (
	"sync"

	"github.com/i-agent/iagent/internal/lexicon"
)

var spanishWords = sync.OnceValue(newSpanishWords)

func newSpanishWords() *wordsOf {
	w := &wordsOf{
		atoms: map[string]float64{"cien": 100, "ciento": 100, "cero": 0}, thousand: lexicon.Set("mil"), millions: map[string]float64{"millon": 1e6, "millones": 1e6},
		one: lexicon.Set("un una"), and: lexicon.Set("y"), mustJoin: true, point: lexicon.Set("coma punto"), half: lexicon.Set("medio media"),
	}
	counted(1, 1, `uno/un/una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis diecisiete dieciocho diecinueve veinte
		veintiuno/veintiun/veintiuna veintidos veintitres veinticuatro veinticinco veintiseis veintisiete veintiocho veintinueve`, w.atoms)
	counted(30, 10, `treinta cuarenta cincuenta sesenta setenta ochenta noventa`, w.atoms)
	counted(200, 100, `doscientos/doscientas trescientos/trescientas cuatrocientos/cuatrocientas quinientos/quinientas seiscientos/seiscientas setecientos/setecientas
		ochocientos/ochocientas novecientos/novecientas`, w.atoms)
	w.phrases, w.longest = phraseWords(`
		dolar, dolares = dollars; euro, euros = euros; libra esterlina, libras esterlinas = pounds; yen, yenes = yen; por ciento, porciento = percent; centavo, centavos, centimo, centimos = cents;
		unidad, unidades, pieza, piezas, botella, botellas, lata, latas, paquete, paquetes, bolsa, bolsas, frasco, frascos, articulo, articulos = units;
		cajon, cajones, jaba, jabas, huacal, huacales = cases; caja, cajas, carton, cartones = boxes; palet, palets, pale, pales, paleta, paletas, tarima, tarimas = pallets;
		dia, dias = days; semana, semanas = weeks; mes, meses = months; ano, anos = years; hora, horas = hours; minuto, minutos = minutes; vez, veces = times; docena, docenas = dozen;
		por dia, al dia, cada dia, diario = per day; diarios, diarias, diaria, diariamente = daily; por semana, cada semana = per week; a la semana, a la semana = per week; semanal, semanales, semanalmente = weekly;
		por mes, al mes, cada mes = per month; mensual, mensuales, mensualmente = monthly; por ano, al ano = per year; por hora = per hour;
		a = to; entre = between; y = and; o = or; menos = less; mas = more; mas de = more than; menos de = less than; al menos, por lo menos, como minimo = at least; como mucho, como maximo, a lo sumo = at most;
		casi = almost; unos, unas, aproximadamente = about; alrededor de = around; mas o menos = roughly; hasta = under; si = if;
		no = not; nunca, jamas = never; nada = nothing; nadie = nobody; ninguno, ninguna, ningun = none; ni = nor; sin = without; tampoco = neither; apenas = hardly; quiza, quizas = maybe; tal vez = maybe; supuestamente = supposedly; antes = formerly`)
	return w
}
