// KDE's reader of wallet passes tells what it sees in each file: one line of JSON a file.
// {"refused": why} stands for a pass that KDE Itinerary could not show.

#include <Barcode>
#include <Field>
#include <Pass>

#include <QCoreApplication>
#include <QImage>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <cstdio>
#include <memory>

using namespace KPkPass;

static QJsonObject refused(const QString &why)
{
    return {{QStringLiteral("refused"), why}};
}

static QJsonObject read(const QString &fileName)
{
    const std::unique_ptr<Pass> pass(Pass::fromFile(fileName));
    if (!pass) {
        return refused(QStringLiteral("not a pass"));
    }
    if (pass->serialNumber().isEmpty() || pass->passTypeIdentifier().isEmpty()) {
        return refused(QStringLiteral("no serial number or no type"));
    }
    if (pass->icon().isNull()) {
        return refused(QStringLiteral("no icon that can be drawn"));
    }
    QJsonArray barcodes;
    for (const auto &barcode : pass->barcodes()) {
        if (barcode.format() == Barcode::Invalid || barcode.message().isEmpty()) {
            return refused(QStringLiteral("a barcode that cannot be drawn"));
        }
        barcodes.append(QJsonObject{{QStringLiteral("message"), barcode.message()},
                                    {QStringLiteral("text"), barcode.alternativeText()}});
    }
    QJsonObject fields;
    for (const auto &field : pass->fields()) {
        if (field.key().isEmpty() || field.valueDisplayString().isEmpty()) {
            return refused(QStringLiteral("a field without key or value: ") + field.key());
        }
        fields.insert(field.key(), QJsonArray{field.label(), field.valueDisplayString()});
    }
    return {{QStringLiteral("style"), pass->type() == Pass::StoreCard ? QStringLiteral("storeCard")
                                                                      : QStringLiteral("other")},
            {QStringLiteral("serial"), pass->serialNumber()},
            {QStringLiteral("organization"), pass->organizationName()},
            {QStringLiteral("voided"), pass->isVoided()},
            {QStringLiteral("update"), pass->passUpdateUrl().toString()},
            {QStringLiteral("barcodes"), barcodes},
            {QStringLiteral("fields"), fields}};
}

int main(int argc, char **argv)
{
    const QCoreApplication app(argc, argv);
    const QStringList files = QCoreApplication::arguments().mid(1);
    for (const auto &fileName : files) {
        const QJsonDocument answer(read(fileName));
        std::puts(answer.toJson(QJsonDocument::Compact).constData());
    }
    return 0;
}
